import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { QualityScheduleEntity } from './entities/quality-schedule.entity.js';

/** A source whose turn it is to be measured. */
export type DueSource = Pick<QualityScheduleEntity, 'sourceId' | 'workspaceId'>;

@Injectable()
export class QualityScheduleRepository {
  constructor(@InjectRepository(QualityScheduleEntity) private readonly schedules: Repository<QualityScheduleEntity>) {}

  /** From the commit on, the source is due: what is known of it may no longer be so. */
  async makeDue(manager: EntityManager, { id: sourceId, workspaceId }: SourceIdentity): Promise<void> {
    await manager.query(
      `INSERT INTO data_quality_schedules (source_id, workspace_id, due_at) VALUES ($1, $2, now())
       ON CONFLICT (source_id) DO UPDATE SET due_at = least(data_quality_schedules.due_at, excluded.due_at)`,
      [sourceId, workspaceId],
    );
  }

  /** Takes on the source that has waited longest; the next time comes after the interval, also where this worker is lost. */
  async take(intervalMs: number): Promise<DueSource | undefined> {
    const [due]: readonly DueSource[] = await this.schedules.query(
      `WITH taken AS (
         UPDATE data_quality_schedules SET due_at = now() + $1 * interval '1 ms'
         WHERE source_id = (
           SELECT source_id FROM data_quality_schedules WHERE due_at <= now() ORDER BY due_at LIMIT 1
           FOR UPDATE SKIP LOCKED)
         RETURNING source_id, workspace_id)
       SELECT source_id AS "sourceId", workspace_id AS "workspaceId" FROM taken`,
      [intervalMs],
    );
    return due;
  }

  async forget(sourceId: string): Promise<void> {
    await this.schedules.delete({ sourceId });
  }
}

interface SourceIdentity {
  readonly id: string;
  readonly workspaceId: string;
}
