import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { FeatureViewRepository } from '../definitions/feature-view.repository.js';
import { OnlineStore } from '../online/online-store.js';
import { onlineViewOf } from '../online/online-view.rules.js';
import { OnlineFeatures } from '../serving/online-features.js';
import { feastAnswer } from './feast-answer.rules.js';
import { FeastMaterialization } from './feast-materialization.js';
import { FeastPush } from './feast-push.js';
import { frameOf, rowsOf } from './feast-frame.rules.js';
import { feastMaterialization, feastRead, pushTarget, requestOf, textOf } from './feast-request.rules.js';
import { featureWrites } from './feast-rows.rules.js';

/** Feast's requests in terms of ours. */
@Injectable()
export class FeastService {
  constructor(
    private readonly features: OnlineFeatures,
    private readonly views: FeatureViewRepository,
    private readonly store: OnlineStore,
    private readonly materialization: FeastMaterialization,
    private readonly pushes: FeastPush,
    private readonly audit: AuditTrail,
  ) {}

  /** @returns JSON. @throws {CodedError} INVALID_INPUT, and all that `OnlineFeatures.read` throws. */
  async read({ actor }: ActorContext, body: unknown): Promise<string> {
    const request = feastRead(body);
    const { selection, entities } = request;
    const answer = await this.features.read(actor.workspaceId, { selection, entities: rowsOf(entities) });
    return feastAnswer(request, answer);
  }

  /**
   * Writes features of a view as they are, without its transformation.
   * @throws {CodedError} INVALID_INPUT, NOT_FOUND, CONFLICT where the view has no rows online, SERVICE_UNAVAILABLE.
   */
  async write(context: ActorContext, body: unknown): Promise<void> {
    const request = requestOf(body);
    const frame = frameOf(request['df'], 'df');
    const name = textOf(request, 'feature_view_name');
    const view = await this.views.find(context.actor.workspaceId, name);
    if (view === null) {
      const shown = JSON.stringify(name.slice(0, 128));
      throw new CodedError('NOT_FOUND', `There is no feature view ${shown} in this workspace.`);
    }
    if (!view.isOnline || view.source.kind === 'REQUEST') {
      throw new CodedError('CONFLICT', `Feature view ${view.name} is not kept online.`);
    }
    const rows = featureWrites(view, frame);
    await this.store.write(onlineViewOf(view), rows);
    await this.audit.record(context, {
      action: 'feature-view.write-online',
      resourceType: 'feature-view',
      resourceId: view.name,
      outcome: 'SUCCESS',
      detail: { version: view.version, rows: rows.length },
    });
  }

  /** Takes rows of a source. @throws {CodedError} INVALID_INPUT, and those of `FeastPush`. */
  async push(context: ActorContext, body: unknown): Promise<void> {
    const request = requestOf(body);
    const name = textOf(request, 'push_source_name');
    await this.pushes.push(context, name, frameOf(request['df'], 'df'), pushTarget(request));
  }

  /**
   * @param waits whether it answers once the views are materialized; `isGone` tells that nobody waits any more.
   * @returns the names of the views.
   * @throws {CodedError} INVALID_INPUT, and those of `FeastMaterialization`.
   */
  async materialize(
    context: ActorContext,
    kind: 'FULL' | 'INCREMENTAL',
    body: unknown,
    { waits, isGone }: { readonly waits: boolean; readonly isGone: () => boolean },
  ): Promise<readonly string[]> {
    const { views: names, ...wanted } = feastMaterialization(kind, body);
    const { views, ids } = await this.materialization.begin(context, names, wanted);
    if (waits) await this.materialization.ended(context, ids, isGone);
    return views;
  }
}
