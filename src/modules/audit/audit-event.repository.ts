import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { decodeCursor, invalidCursor, type Page, pageOf } from '../../common/graphql/page.js';
import type { AuditEventCriteria } from './audit-event-criteria.js';
import { firstIdOf } from './audit-record.rules.js';
import { AuditEventEntity } from './entities/audit-event.entity.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

@Injectable()
export class AuditEventRepository {
  constructor(@InjectRepository(AuditEventEntity) private readonly events: Repository<AuditEventEntity>) {}

  /** Newest first. */
  async list(
    workspaceId: string,
    criteria: AuditEventCriteria,
    size: number,
    after: string | undefined,
  ): Promise<Page<AuditEventEntity>> {
    const query = this.events.createQueryBuilder('event').where('event.workspaceId = :workspaceId', { workspaceId });
    applyCriteria(query, criteria);
    if (after !== undefined) {
      const [id] = decodeCursor(after, 1);
      if (typeof id !== 'string' || !UUID.test(id)) throw invalidCursor();
      query.andWhere('event.id < :after', { after: id });
    }
    const rows = await query
      .orderBy('event.id', 'DESC')
      .limit(size + 1)
      .getMany();
    return pageOf(rows, size, (row) => [row.id]);
  }
}

function applyCriteria(query: SelectQueryBuilder<AuditEventEntity>, criteria: AuditEventCriteria): void {
  const { action, since, until } = criteria;
  for (const column of ['actorId', 'actorName', 'resourceType', 'resourceId', 'outcome'] as const) {
    const value = criteria[column];
    if (value !== undefined) query.andWhere(`event.${column} = :${column}`, { [column]: value });
  }
  if (action?.endsWith('*')) {
    const pattern = `${action.slice(0, -1).replaceAll(/[\\%_]/g, '\\$&')}%`;
    query.andWhere('event.action LIKE :pattern', { pattern });
  } else if (action !== undefined) {
    query.andWhere('event.action = :action', { action });
  }
  // Ids order by time, so the index that orders the list also bounds it.
  if (since !== undefined) query.andWhere('event.id >= :since', { since: firstIdOf(since.getTime()) });
  if (until !== undefined) query.andWhere('event.id < :until', { until: firstIdOf(until.getTime()) });
}
