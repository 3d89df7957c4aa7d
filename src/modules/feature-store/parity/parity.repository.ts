import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { FeatureMaterializationEntity } from '../materialization/entities/feature-materialization.entity.js';
import { FeatureParityCheckEntity } from './entities/feature-parity-check.entity.js';
import type { ParityReport } from './parity-report.js';

/** Which views are to be looked at, and what was found. */
@Injectable()
export class ParityRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * A view whose last materialization succeeded and that is due, for this worker alone until `everyMs` later.
   * @returns its id.
   */
  async take(everyMs: number): Promise<string | undefined> {
    const [taken]: readonly { view_id: string }[] = await this.dataSource.query(
      `WITH taken AS (
         INSERT INTO feature_parity_checks AS held (view_id, due_at)
         SELECT last.view_id, now() + $1 * interval '1 ms'
         FROM (SELECT DISTINCT ON (view_id) view_id, status FROM feature_materializations
           ORDER BY view_id, created_at DESC, id DESC) AS last
         JOIN feature_views AS view ON view.id = last.view_id AND view.deleted_at IS NULL
         LEFT JOIN feature_parity_checks AS looked ON looked.view_id = last.view_id
         WHERE last.status = 'SUCCEEDED' AND (looked.due_at IS NULL OR looked.due_at <= now())
         ORDER BY looked.due_at NULLS FIRST LIMIT 1
         ON CONFLICT (view_id) DO UPDATE SET due_at = excluded.due_at WHERE held.due_at <= now()
         RETURNING view_id)
       SELECT view_id FROM taken`,
      [everyMs],
    );
    return taken?.view_id;
  }

  /** The materialization of a view that was asked for last. */
  async lastMaterialization(viewId: string): Promise<FeatureMaterializationEntity | null> {
    return this.dataSource.manager.findOne(FeatureMaterializationEntity, {
      where: { viewId },
      order: { createdAt: 'DESC', id: 'DESC' },
    });
  }

  async keep(viewId: string, report: ParityReport): Promise<void> {
    await this.dataSource.manager.update(FeatureParityCheckEntity, { viewId }, { report, checkedAt: new Date() });
  }

  async find(viewId: string): Promise<FeatureParityCheckEntity | null> {
    return this.dataSource.manager.findOneBy(FeatureParityCheckEntity, { viewId });
  }
}
