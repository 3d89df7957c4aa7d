import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, IsNull, Repository } from 'typeorm';
import { decodeCursor, type Page, pageOf } from '../../../common/graphql/page.js';
import type {
  DataIssueFinding,
  DataIssueKind,
  DataIssueScope,
  DataIssueStatus,
  DataIssueSubjectType,
} from './data-issue.js';
import { DataIssueEntity } from './entities/data-issue.entity.js';

/** Which issues are listed; what is left out does not matter. */
export interface DataIssueCriteria {
  readonly statuses?: readonly DataIssueStatus[] | undefined;
  readonly kind?: DataIssueKind | undefined;
  readonly subjectType?: DataIssueSubjectType | undefined;
  readonly subjectName?: string | undefined;
}

/** When an issue has a status, as SQL. */
const conditions: Readonly<Record<DataIssueStatus, string>> = {
  OPEN: '(issue.resolved_at IS NULL AND issue.acknowledged_at IS NULL)',
  ACKNOWLEDGED: '(issue.resolved_at IS NULL AND issue.acknowledged_at IS NOT NULL)',
  RESOLVED: 'issue.resolved_at IS NOT NULL',
};

@Injectable()
export class DataIssueRepository {
  constructor(@InjectRepository(DataIssueEntity) private readonly issues: Repository<DataIssueEntity>) {}

  /** Those of a scope that are not resolved. */
  async open({ kind, subjectId }: DataIssueScope): Promise<DataIssueEntity[]> {
    return this.issues.findBy({ kind, subjectId, resolvedAt: IsNull() });
  }

  async insert(manager: EntityManager, issue: DataIssueEntity): Promise<void> {
    await manager.insert(DataIssueEntity, issue);
  }

  /** Says that it was found again. */
  async renew(id: string, { message, evidence }: DataIssueFinding): Promise<void> {
    await this.issues.query(
      'UPDATE data_issues SET message = $2, evidence = $3, seen_at = now() WHERE id = $1 AND resolved_at IS NULL',
      [id, message, JSON.stringify(evidence)],
    );
  }

  /** @returns whether it was still open. */
  async resolve(manager: EntityManager, id: string): Promise<boolean> {
    const { affected } = await manager.update(
      DataIssueEntity,
      { id, resolvedAt: IsNull() },
      { resolvedAt: new Date() },
    );
    return affected === 1;
  }

  async find(workspaceId: string, id: string): Promise<DataIssueEntity | null> {
    return this.issues.findOneBy({ workspaceId, id });
  }

  /** As `find`, with its row locked until the transaction ends. */
  async lock(manager: EntityManager, workspaceId: string, id: string): Promise<DataIssueEntity | null> {
    return manager.findOne(DataIssueEntity, { where: { workspaceId, id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Changes an issue whose row must have been locked. @returns it as it is now. */
  async change(
    manager: EntityManager,
    issue: DataIssueEntity,
    change: Partial<DataIssueEntity>,
  ): Promise<DataIssueEntity> {
    return manager.save(Object.assign(issue, change));
  }

  /** Newest first. */
  async page(
    workspaceId: string,
    { statuses, kind, subjectType, subjectName }: DataIssueCriteria,
    size: number,
    after: string | undefined,
  ): Promise<Page<DataIssueEntity>> {
    const query = this.issues.createQueryBuilder('issue').where('issue.workspaceId = :workspaceId', { workspaceId });
    if (statuses !== undefined && statuses.length > 0) {
      query.andWhere(`(${statuses.map((status) => conditions[status]).join(' OR ')})`);
    }
    for (const [name, value] of Object.entries({ kind, subjectType, subjectName })) {
      if (value !== undefined) query.andWhere(`issue.${name} = :${name}`, { [name]: value });
    }
    if (after !== undefined) {
      const [time, id] = decodeCursor(after, 2);
      query.andWhere('(issue.openedAt, issue.id) < (:openedAt, :id)', { openedAt: new Date(String(time)), id });
    }
    const rows = await query
      .orderBy('issue.openedAt', 'DESC')
      .addOrderBy('issue.id', 'DESC')
      .take(size + 1)
      .getMany();
    return pageOf(rows, size, (row) => [row.openedAt.toISOString(), row.id]);
  }

  /** Issues of all workspaces that are not resolved, by kind. */
  async countOpen(): Promise<Map<DataIssueKind, number>> {
    const rows: readonly { kind: DataIssueKind; count: number }[] = await this.issues.query(
      'SELECT kind, count(*)::int AS count FROM data_issues WHERE resolved_at IS NULL GROUP BY kind',
    );
    return new Map(rows.map(({ kind, count }) => [kind, count]));
  }
}
