import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { decodeCursor, type Page, pageOf } from '../../../common/graphql/page.js';
import { defaultExpectations } from './data-quality.js';
import { QualityExpectationsEntity } from './entities/quality-expectations.entity.js';
import { QualityMeasurementEntity } from './entities/quality-measurement.entity.js';

/** What is expected of a source, and since when. */
export type DatedExpectations = Pick<QualityExpectationsEntity, 'expectations' | 'updatedAt'>;

/** What is expected of sources, and what was measured of them. */
@Injectable()
export class QualityRepository {
  constructor(
    @InjectRepository(QualityExpectationsEntity) private readonly expectations: Repository<QualityExpectationsEntity>,
    @InjectRepository(QualityMeasurementEntity) private readonly measurements: Repository<QualityMeasurementEntity>,
  ) {}

  /** What is expected of a source: what was said of it, and when, or else of all. */
  async expectationsOf(sourceId: string): Promise<DatedExpectations> {
    const row = await this.expectations.findOneBy({ sourceId });
    return row ?? { expectations: defaultExpectations, updatedAt: new Date(0) };
  }

  async expect(manager: EntityManager, row: QualityExpectationsEntity): Promise<void> {
    await manager.upsert(QualityExpectationsEntity, row, ['sourceId']);
  }

  async add(measurement: QualityMeasurementEntity): Promise<void> {
    await this.measurements.insert(measurement);
  }

  async newest(sourceId: string): Promise<QualityMeasurementEntity | null> {
    return this.measurements.findOne({ where: { sourceId }, order: { measuredAt: 'DESC', id: 'DESC' } });
  }

  /** Newest first. */
  async page(sourceId: string, size: number, after: string | undefined): Promise<Page<QualityMeasurementEntity>> {
    const query = this.measurements.createQueryBuilder('own').where('own.sourceId = :sourceId', { sourceId });
    if (after !== undefined) {
      const [time, id] = decodeCursor(after, 2);
      query.andWhere('(own.measuredAt, own.id) < (:measuredAt, :id)', { measuredAt: new Date(String(time)), id });
    }
    const rows = await query
      .orderBy('own.measuredAt', 'DESC')
      .addOrderBy('own.id', 'DESC')
      .take(size + 1)
      .getMany();
    return pageOf(rows, size, (row) => [row.measuredAt.toISOString(), row.id]);
  }

  /** @returns how many were deleted: at most `limit`, the oldest first. */
  async deleteOlderThan(days: number, limit: number): Promise<number> {
    const rows: readonly unknown[] = await this.measurements.query(
      `WITH gone AS (
         DELETE FROM data_quality_measurements WHERE id IN (
           SELECT id FROM data_quality_measurements WHERE measured_at < now() - $1 * interval '1 day'
           ORDER BY measured_at LIMIT $2)
         RETURNING id)
       SELECT id FROM gone`,
      [days, limit],
    );
    return rows.length;
  }
}
