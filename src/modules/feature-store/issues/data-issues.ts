import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { isUniqueViolation } from '../../../common/database/database-errors.rules.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type AuditedTransaction, AuditTrail } from '../../audit/audit-trail.service.js';
import type { DataIssueFinding, DataIssueScope } from './data-issue.js';
import { changesOf, type DataIssueChanges } from './data-issue-changes.rules.js';
import { DataIssueFeed } from './data-issue-feed.js';
import { DataIssueRepository } from './data-issue.repository.js';
import type { DataIssueEntity } from './entities/data-issue.entity.js';

/** How often a report is begun that another one of the same scope overtakes. */
const ATTEMPTS = 3;

/** Keeps issues as those who look at data find them. */
@Injectable()
export class DataIssues {
  constructor(
    private readonly issues: DataIssueRepository,
    private readonly feed: DataIssueFeed,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Tells all that is wrong within a scope now. What was not known is opened, what is known gets the new evidence, and what
   * is not found any more is resolved. Each opening and resolution is audited and told to subscribers.
   */
  async report(scope: DataIssueScope, findings: readonly DataIssueFinding[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const changes = changesOf(await this.issues.open(scope), findings);
      try {
        if (changes.opened.length + changes.resolved.length > 0) await this.apply(scope, changes);
        for (const { issue, finding } of changes.renewed) await this.issues.renew(issue.id, finding);
        return;
      } catch (error) {
        if (attempt === ATTEMPTS || !isOvertaken(error)) throw error;
      }
    }
  }

  private async apply(scope: DataIssueScope, changes: DataIssueChanges<DataIssueEntity>): Promise<void> {
    await this.audit.transaction(contextOf(scope), async (transaction) => {
      for (const finding of changes.opened) await this.open(transaction, scope, finding);
      for (const issue of changes.resolved) await this.resolve(transaction, issue);
    });
  }

  private async open(transaction: AuditedTransaction, scope: DataIssueScope, finding: DataIssueFinding): Promise<void> {
    const now = new Date();
    const issue: DataIssueEntity = {
      ...scope,
      ...finding,
      id: randomUUID(),
      openedAt: now,
      seenAt: now,
      acknowledgedAt: null,
      acknowledgedBy: null,
      note: null,
      resolvedAt: null,
    };
    await this.issues.insert(transaction.manager, issue);
    this.tell(transaction, issue, 'data-issue.open');
  }

  private async resolve(transaction: AuditedTransaction, issue: DataIssueEntity): Promise<void> {
    if (!(await this.issues.resolve(transaction.manager, issue.id))) throw overtaken(issue.id);
    this.tell(transaction, issue, 'data-issue.resolve');
  }

  private tell(transaction: AuditedTransaction, issue: DataIssueEntity, action: string): void {
    const { id, workspaceId, kind, subjectType, subjectName, aspect } = issue;
    transaction.audit({
      action,
      resourceType: 'data-issue',
      resourceId: id,
      detail: { kind, subject: `${subjectType} ${subjectName}`, aspect },
    });
    transaction.afterCommit(() => this.feed.tell(workspaceId, id));
  }
}

const overtaken = (id: string): CodedError =>
  new CodedError('CONFLICT', `The issue ${id} was resolved by somebody else meanwhile.`);

const isOvertaken = (error: unknown): boolean =>
  isUniqueViolation(error, 'uq_data_issues_open') || (error instanceof CodedError && error.code === 'CONFLICT');

/** Nestor itself. */
const contextOf = ({ workspaceId, kind, subjectId }: DataIssueScope): ActorContext => ({
  requestId: `${kind.toLowerCase()}-${subjectId}`,
  address: null,
  actor: {
    kind: 'SYSTEM',
    id: 'data-issues',
    name: 'data issues',
    workspaceId,
    role: 'SERVICE',
    permissions: new Set(),
  },
});
