import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { DataIssueFeed } from './data-issue-feed.js';
import { type DataIssueCriteria, DataIssueRepository } from './data-issue.repository.js';
import type { DataIssueEntity } from './entities/data-issue.entity.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Issues as clients see them. */
@Injectable()
export class DataIssueService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly issues: DataIssueRepository,
    private readonly feed: DataIssueFeed,
    private readonly audit: AuditTrail,
  ) {}

  async find({ actor }: ActorContext, id: string): Promise<DataIssueEntity | null> {
    return UUID.test(id) ? this.issues.find(actor.workspaceId, id) : null;
  }

  /** Newest first. */
  async page(
    { actor }: ActorContext,
    criteria: DataIssueCriteria,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<DataIssueEntity>> {
    const size = pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE);
    return this.issues.page(actor.workspaceId, criteria, size, after);
  }

  /**
   * Says that somebody knows of an issue; again, it changes the note. It goes on until it is no longer found.
   * @throws {CodedError} NOT_FOUND; CONFLICT where it is resolved.
   */
  async acknowledge(context: ActorContext, id: string, note: string | null): Promise<DataIssueEntity> {
    const { workspaceId, id: actorId } = context.actor;
    return this.audit.transaction(context, async (transaction) => {
      const issue = UUID.test(id) ? await this.issues.lock(transaction.manager, workspaceId, id) : null;
      if (issue === null) throw new CodedError('NOT_FOUND', 'There is no data issue of this id in this workspace.');
      if (issue.resolvedAt !== null) throw new CodedError('CONFLICT', 'The issue is resolved already.');
      const change = { acknowledgedAt: issue.acknowledgedAt ?? new Date(), acknowledgedBy: actorId, note };
      const changed = await this.issues.change(transaction.manager, issue, change);
      transaction.audit({ action: 'data-issue.acknowledge', resourceType: 'data-issue', resourceId: issue.id });
      transaction.afterCommit(() => this.feed.tell(workspaceId, issue.id));
      return changed;
    });
  }

  /** Each issue that is opened, acknowledged or resolved from now on, as it is then. */
  watch({ actor }: ActorContext): AsyncIterableIterator<DataIssueEntity, undefined> {
    const ids = this.feed.watch(actor.workspaceId);
    const next = async (): Promise<IteratorResult<DataIssueEntity, undefined>> => {
      for (;;) {
        const result = await ids.next();
        if (result.done === true) return { done: true, value: undefined };
        const issue = await this.issues.find(actor.workspaceId, result.value);
        if (issue !== null) return { done: false, value: issue };
      }
    };
    const end = async (): Promise<IteratorResult<DataIssueEntity, undefined>> => {
      await ids.return?.();
      return { done: true, value: undefined };
    };
    return {
      next,
      return: end,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
