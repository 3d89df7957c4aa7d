import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import type { FeatureViewVersion } from '../definitions/feature-view.js';
import { FeatureViewRepository } from '../definitions/feature-view.repository.js';
import type { JsonRow } from '../json-values.rules.js';
import type { OnlineWritten } from '../online/online-store.js';
import { rowTransformation } from '../serving/row-transformation.rules.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import type { Row } from '../transformations/transformation.js';
import { OnlinePush } from './online-push.js';
import { PushedRowRepository } from './pushed-row.repository.js';
import { pushedRows } from './pushed-rows.rules.js';
import { sourceLine } from './source-line.rules.js';

/** Where pushed rows go. */
export const pushTargets = ['ONLINE', 'OFFLINE', 'BOTH'] as const;

export type PushTarget = (typeof pushTargets)[number];

export interface PushRequest {
  readonly view: string;
  /** The newest, unless given. */
  readonly version?: number | undefined;
  /** As they came in JSON. */
  readonly rows: readonly JsonRow[];
  readonly to: PushTarget;
}

export interface PushResult {
  readonly view: FeatureViewVersion;
  /** Null where rows do not go online. */
  readonly online: OnlineWritten | null;
  /** Rows that now wait to be collected; null where rows do not go offline. */
  readonly kept: number | null;
}

/** Takes rows of a view's source: into the online store at once, and into the source by its next collection. */
@Injectable()
export class FeaturePushService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly views: FeatureViewRepository,
    private readonly sources: DataSourceRepository,
    private readonly rows: PushedRowRepository,
    private readonly onlinePush: OnlinePush,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * All rows are taken or none, so far as that can be told before; to push them again does no harm.
   * @throws {CodedError} NOT_FOUND; INVALID_INPUT that says which rows are wrong, and why; CONFLICT where the view cannot be
   * pushed to; QUERY_LIMIT_EXCEEDED, OVERLOADED, SERVICE_UNAVAILABLE.
   */
  async push(context: ActorContext, request: PushRequest): Promise<PushResult> {
    const { to } = request;
    const view = await this.viewOf(context.actor.workspaceId, request);
    const toOnline = to !== 'OFFLINE';
    if (toOnline) assertOnline(view);
    const source = to === 'ONLINE' ? null : await this.sourceOf(view);
    const rows = this.read(view, source, request.rows);
    // What is kept first is not lost where the online store does not answer, and the caller pushes again.
    const kept = source === null ? null : await this.keep(context, view, source, rows);
    const online = toOnline ? await this.onlinePush.push(view, rows) : null;
    if (source === null) {
      await this.audit.record(context, {
        action: 'feature-view.push',
        resourceType: 'feature-view',
        resourceId: view.name,
        outcome: 'SUCCESS',
        detail: { version: view.version, rows: rows.length, to },
      });
    }
    return { view, online, kept };
  }

  private read(view: FeatureViewVersion, source: DataSourceEntity | null, rows: readonly JsonRow[]): Row[] {
    const most = this.settings.NESTOR_PUSH_MAX_ROWS;
    if (rows.length > most) {
      throw new CodedError('INVALID_INPUT', `rows: at most ${most} can be pushed at once (NESTOR_PUSH_MAX_ROWS).`);
    }
    const required = [...view.keys.map(({ name }) => name), view.eventTime ?? ''];
    for (const { name, isNullable } of source?.schema.columns ?? []) if (!isNullable) required.push(name);
    return pushedRows({ columns: source?.schema.columns ?? view.columns, required: new Set(required) }, rows);
  }

  private keep(
    context: ActorContext,
    view: FeatureViewVersion,
    source: DataSourceEntity,
    rows: readonly Row[],
  ): Promise<number> {
    const lines = rows.map((row) => sourceLine(source.schema.columns, row));
    const { NESTOR_DATA_MAX_ROW_BYTES: most } = this.settings;
    const long = lines.findIndex(({ text }) => Buffer.byteLength(text) >= most);
    if (long !== -1) {
      throw new CodedError('INVALID_INPUT', `rows[${long}] is longer than NESTOR_DATA_MAX_ROW_BYTES allows (${most}).`);
    }
    const waiting = { workspaceId: view.workspaceId, sourceId: source.id };
    return this.audit.transaction(context, async (transaction) => {
      const kept = await this.rows.keep(transaction.manager, waiting, lines);
      transaction.audit({
        action: 'feature-view.push',
        resourceType: 'feature-view',
        resourceId: view.name,
        detail: { version: view.version, rows: rows.length, kept, source: source.name },
      });
      return kept;
    });
  }

  private async viewOf(workspaceId: string, { view: name, version }: PushRequest): Promise<FeatureViewVersion> {
    const view = await this.views.find(workspaceId, name, version);
    if (view === null) {
      const which = version === undefined ? '' : ` with a version ${version}`;
      throw new CodedError(
        'NOT_FOUND',
        `There is no feature view ${JSON.stringify(name.slice(0, 128))}${which} in this workspace.`,
      );
    }
    if (view.source.kind === 'DATA_SOURCE') return view;
    throw new CodedError(
      'CONFLICT',
      view.source.kind === 'REQUEST'
        ? `Feature view ${view.name} is computed on demand; there are no rows of it to push.`
        : `Feature view ${view.name} is made of the rows of feature view ${view.source.name}. Push to that one.`,
    );
  }

  private async sourceOf({ workspaceId, source, name }: FeatureViewVersion): Promise<DataSourceEntity> {
    const found = source.kind === 'DATA_SOURCE' ? await this.sources.findById(workspaceId, source.sourceId) : null;
    if (found !== null && found.deletedAt === null) return found;
    throw new CodedError('NOT_FOUND', `The data source of feature view ${name} was deleted.`);
  }
}

/** @throws {CodedError} CONFLICT, before anything is kept. */
function assertOnline(view: FeatureViewVersion): void {
  rowTransformation(view);
  if (view.isOnline) return;
  throw new CodedError(
    'CONFLICT',
    `Feature view ${view.name} (version ${view.version}) is not kept online. Define it with isOnline: true, or push to OFFLINE.`,
  );
}
