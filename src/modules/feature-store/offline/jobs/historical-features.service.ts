import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../../common/access/actor.js';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../../../common/graphql/page.js';
import { AuditTrail } from '../../../audit/audit-trail.service.js';
import { ArtifactService } from '../../../registry/artifact.service.js';
import type { ServiceFeature } from '../../definitions/feature-service.js';
import type { SnapshotReference } from '../../definitions/feature-view.js';
import type { Usage } from '../../lineage/usage.js';
import { UsageRepository } from '../../lineage/usage.repository.js';
import { DataSourceService } from '../../sources/data-source.service.js';
import type { FeatureSelection } from '../../serving/feature-selection.rules.js';
import { featurePlan } from '../feature-plan.rules.js';
import type { HistoricalFeaturesFilter } from './dto/historical-features.inputs.js';
import { assertDistinct } from '../point-in-time.rules.js';
import { SourceSnapshots } from '../source-snapshots.js';
import type { HistoricalFeaturesJob, HistoricalFeaturesRequest, LabelsReference } from './historical-features-job.js';
import { HistoricalFeaturesJobRepository } from './historical-features-job.repository.js';
import { HistoricalFeaturesLeases } from './historical-features-leases.js';
import { HistoricalFeaturesQueue } from './historical-features-queue.js';
import { isJobId, jobNotFound } from './job-id.rules.js';
import { FeatureRequests, type RequestedFeatures } from './requested-features.js';

/** The rows that are to get features. */
export type GivenLabels =
  | { readonly rows: readonly object[] }
  | { readonly artifact: string }
  /** The newest version of the source, unless told. */
  | { readonly source: string; readonly version?: number | undefined };

export interface HistoricalFeaturesOrder {
  readonly selection: FeatureSelection;
  readonly labels: GivenLabels;
  readonly eventTimeColumn: string;
  /** Whether features are called `view__feature`. */
  readonly hasFullNames: boolean;
}

/** Most jobs of one workspace that may wait or run. */
const MAX_OPEN = 100;

/** When it is worth asking again while too many wait, in milliseconds. */
const RETRY_AFTER_MS = 10_000;

/** Takes jobs that get historical features: the row is written first, then the queue is told. */
@Injectable()
export class HistoricalFeaturesService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly requests: FeatureRequests,
    private readonly snapshots: SourceSnapshots,
    private readonly sources: DataSourceService,
    private readonly artifacts: ArtifactService,
    private readonly jobs: HistoricalFeaturesJobRepository,
    private readonly leases: HistoricalFeaturesLeases,
    private readonly usages: UsageRepository,
    private readonly queue: HistoricalFeaturesQueue,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Everything that the result depends on is settled here: the versions of views and snapshots, and the labels.
   * @returns the job once it is recorded.
   * @throws {CodedError} NOT_FOUND, ARTIFACT_NOT_FOUND, INVALID_INPUT, OVERLOADED; CONFLICT where a source has no data yet or
   * features cannot be had together.
   */
  async request(context: ActorContext, order: HistoricalFeaturesOrder): Promise<HistoricalFeaturesJob> {
    const { workspaceId, kind, id: actorId, name: actorName } = context.actor;
    const requested = await this.requests.resolve(workspaceId, order.selection);
    const features = named(requested.features, order.hasFullNames);
    assertDistinct(features.map(({ as }) => as));
    const { joins } = featurePlan(features, requested.views);
    const snapshots = await this.snapshots.newestOf(joins.map(({ view }) => view));
    const labels = await this.labelsOf(context, order.labels);
    const request: HistoricalFeaturesRequest = {
      workspaceId,
      service: serviceOf(requested),
      features,
      labels,
      eventTimeColumn: order.eventTimeColumn,
      snapshots,
      requestId: context.requestId,
      requestedBy: { kind, id: actorId, name: actorName },
      maxAttempts: this.settings.NESTOR_JOB_ATTEMPTS,
    };
    return this.record(context, request, {
      snapshots: distinct(labels.kind === 'SNAPSHOT' ? [...snapshots, labels] : snapshots),
      views: [...requested.views.keys()],
    });
  }

  async find({ actor }: ActorContext, id: string): Promise<HistoricalFeaturesJob | null> {
    return isJobId(id) ? this.jobs.find(actor.workspaceId, id) : null;
  }

  /** Newest first. @throws {CodedError} NOT_FOUND where the filter names what is not there. */
  async page(
    context: ActorContext,
    filter: HistoricalFeaturesFilter,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<HistoricalFeaturesJob>> {
    const size = pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE);
    const { source, view } = filter;
    const of = {
      sourceId: source == null ? undefined : (await this.sources.get(context, source)).id,
      viewVersionId:
        view == null
          ? undefined
          : await this.requests.viewVersion(context.actor.workspaceId, view, filter.viewVersion ?? undefined),
    };
    const criteria = { status: filter.status ?? undefined, ...of, snapshotVersion: filter.sourceVersion ?? undefined };
    return this.jobs.page(context.actor.workspaceId, criteria, size, after);
  }

  /** Cancelling twice is fine. @throws {CodedError} NOT_FOUND; CONFLICT where it ended otherwise. */
  async cancel(context: ActorContext, id: string): Promise<HistoricalFeaturesJob> {
    const { workspaceId } = context.actor;
    return this.audit.transaction(context, async (transaction) => {
      const { manager } = transaction;
      const before = isJobId(id) ? await this.jobs.find(workspaceId, id, manager) : null;
      const isCancelled = before !== null && (await this.leases.cancel(transaction, workspaceId, id));
      const job = before && (await this.jobs.find(workspaceId, id, manager));
      if (job === null) throw jobNotFound(id);
      if (!isCancelled && job.status !== 'CANCELLED') {
        throw new CodedError('CONFLICT', `The job is ${job.status}; only one that has not ended can be cancelled.`);
      }
      transaction.audit({
        action: 'historical-features.cancel',
        resourceType: 'historical-features',
        resourceId: id,
        detail: {},
      });
      return job;
    });
  }

  private async labelsOf(context: ActorContext, given: GivenLabels): Promise<LabelsReference> {
    if ('artifact' in given) {
      return { kind: 'FILE', digest: (await this.artifacts.hold(context, given.artifact)).digest };
    }
    if ('rows' in given) {
      if (given.rows.length === 0) throw new CodedError('INVALID_INPUT', 'The labels have no rows.');
      const lines = given.rows.map((row) => `${JSON.stringify(row)}\n`);
      return { kind: 'FILE', digest: (await this.artifacts.upload(context, Readable.from(lines))).digest };
    }
    const { id } = await this.sources.get(context, given.source);
    const newest = (await this.snapshots.chainOf(context.actor.workspaceId, id, given.version)).at(-1);
    if (newest === undefined) throw new Error(`The source ${id} has no snapshot.`);
    return { kind: 'SNAPSHOT', ...newest };
  }

  private async record(
    context: ActorContext,
    request: HistoricalFeaturesRequest,
    usage: Usage,
  ): Promise<HistoricalFeaturesJob> {
    const { workspaceId } = context.actor;
    const id = randomUUID();
    return this.audit.transaction(context, async (transaction) => {
      const { manager } = transaction;
      if ((await this.jobs.countOpen(manager, workspaceId)) >= MAX_OPEN) {
        throw new CodedError('OVERLOADED', `${MAX_OPEN} jobs of historical features wait already.`, {
          retryAfterMs: RETRY_AFTER_MS,
        });
      }
      await this.jobs.insert(manager, id, request);
      await this.usages.add(manager, { kind: 'HISTORICAL_FEATURES', id }, usage);
      const { service, features, snapshots } = request;
      transaction.audit({
        action: 'historical-features.request',
        resourceType: 'historical-features',
        resourceId: id,
        detail: {
          service: service && `${service.name} ${service.version}`,
          features: features.length,
          snapshots: snapshots.map(({ source, version }) => `${source} ${version}`).join(', '),
        },
      });
      transaction.afterCommit(async () => {
        await this.queue.add([{ id, generation: 1, priority: 0, delayMs: 0 }]);
      });
      const job = await this.jobs.find(workspaceId, id, manager);
      if (job === null) throw new Error(`The job ${id} was just written.`);
      return job;
    });
  }
}

const named = (features: readonly ServiceFeature[], hasFullNames: boolean): ServiceFeature[] =>
  features.map((each) => (hasFullNames ? { ...each, as: `${each.view}__${each.feature}` } : each));

const serviceOf = ({ service }: RequestedFeatures): HistoricalFeaturesRequest['service'] =>
  service && { id: service.id, name: service.name, version: service.version };

/** The labels may be a snapshot that a view has its rows from, too. */
function distinct(snapshots: readonly SnapshotReference[]): SnapshotReference[] {
  const byKey = new Map(snapshots.map(({ sourceId, version }) => [`${sourceId} ${version}`, { sourceId, version }]));
  return [...byKey.values()];
}
