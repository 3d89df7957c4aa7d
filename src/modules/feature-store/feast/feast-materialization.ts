import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { FeatureViewRepository } from '../definitions/feature-view.repository.js';
import { type MaterializationRequest, MaterializationService } from '../materialization/materialization.service.js';

type Wanted = Pick<MaterializationRequest, 'kind' | 'version' | 'from' | 'to'>;

/** How often it is asked whether a materialization has ended, in milliseconds. */
const POLL_MS = 100;
/** Longest that a caller waits for one, in milliseconds. */
const MAX_WAIT_MS = 600_000;
/** Views that are looked up at once. */
const PAGE = 200;

/** Materializes several views, as Feast is asked to, by materializations of ours. */
@Injectable()
export class FeastMaterialization {
  constructor(
    private readonly views: FeatureViewRepository,
    private readonly materializations: MaterializationService,
  ) {}

  /**
   * @param names of the views; null for all that are kept online.
   * @returns the views, and the ids of their materializations.
   * @throws {CodedError} those of `MaterializationService.materialize`; what was queued before goes on.
   */
  async begin(
    context: ActorContext,
    names: readonly string[] | null,
    wanted: Wanted,
  ): Promise<{ views: readonly string[]; ids: readonly string[] }> {
    const views = names ?? (await this.onlineViews(context.actor.workspaceId));
    const ids: string[] = [];
    for (const view of views) ids.push((await this.materializations.materialize(context, { view, ...wanted })).id);
    return { views, ids };
  }

  /**
   * Waits until all have ended.
   * @param isGone whether nobody waits any more.
   * @throws {CodedError} what one failed with; CANCELLED; DEADLINE_EXCEEDED, while they go on.
   */
  async ended(context: ActorContext, ids: readonly string[], isGone: () => boolean): Promise<void> {
    const until = performance.now() + MAX_WAIT_MS;
    for (const id of ids) await this.oneEnded(context, id, isGone, until);
  }

  private async oneEnded(context: ActorContext, id: string, isGone: () => boolean, until: number): Promise<void> {
    while (!isGone()) {
      const run = await this.materializations.find(context, id);
      if (run === null || run.status === 'SUCCEEDED') return;
      const { view, status, errorCode, errorMessage } = run;
      if (status === 'CANCELLED') throw new CodedError('CANCELLED', `The materialization of ${view} was cancelled.`);
      if (status === 'FAILED') {
        const reason = errorMessage ?? 'it was given up';
        throw new CodedError(
          errorCode ?? 'INTERNAL_SERVER_ERROR',
          `Feature view ${view} was not materialized: ${reason}`,
        );
      }
      if (performance.now() > until) {
        throw new CodedError('DEADLINE_EXCEEDED', `Materialization ${id} goes on. Ask with ?async=true not to wait.`);
      }
      await sleep(POLL_MS);
    }
  }

  private async onlineViews(workspaceId: string): Promise<string[]> {
    const names: string[] = [];
    for (let after: string | undefined, hasMore = true; hasMore;) {
      const { edges, pageInfo } = await this.views.page(workspaceId, PAGE, after);
      names.push(...edges.flatMap(({ node }) => (node.isOnline && node.source.kind !== 'REQUEST' ? [node.name] : [])));
      after = pageInfo.endCursor ?? undefined;
      hasMore = pageInfo.hasNextPage;
    }
    return names;
  }
}
