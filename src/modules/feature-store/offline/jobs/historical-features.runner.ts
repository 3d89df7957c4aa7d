import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../../common/access/actor.js';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { AuditTrail } from '../../../audit/audit-trail.service.js';
import { ArtifactService } from '../../../registry/artifact.service.js';
import type { StatementControl } from '../../engine/data-engine.js';
import { DataEngines, type Workbench } from '../../engine/data-engines.js';
import { type FeaturePlan, featurePlan } from '../feature-plan.rules.js';
import { FeatureViewRows } from '../feature-view-rows.js';
import { Labels } from '../labels/labels.js';
import { writeTrainingSet } from '../training-set-writer.js';
import type { HistoricalFeaturesJob, HistoricalFeaturesPhase } from './historical-features-job.js';
import { type ClaimedHistoricalFeatures, HistoricalFeaturesLeases } from './historical-features-leases.js';
import { previewOf } from './preview.js';
import { FeatureRequests } from './requested-features.js';

/** Runs jobs: what is asked for was settled when they were recorded, so that running one twice makes the same file. */
@Injectable()
export class HistoricalFeaturesRunner {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly leases: HistoricalFeaturesLeases,
    private readonly requests: FeatureRequests,
    private readonly engines: DataEngines,
    private readonly labels: Labels,
    private readonly rows: FeatureViewRows,
    private readonly artifacts: ArtifactService,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * The result is stored first; the last step makes it visible, or nothing does.
   * @param signal gives it up.
   * @throws {CodedError} INVALID_INPUT, INVALID_FILE, CONFLICT, TRANSFORMATION_FAILED, QUERY_LIMIT_EXCEEDED,
   * DEADLINE_EXCEEDED, STORAGE_FULL; CANCELLED where it is no longer this worker's.
   */
  async run(job: ClaimedHistoricalFeatures, signal: AbortSignal): Promise<void> {
    const plan = featurePlan(job.features, await this.requests.viewsOf(job.workspaceId, job.features));
    const control = { signal, timeoutMs: this.settings.NESTOR_DATA_STATEMENT_TIMEOUT_MS };
    await this.engines.use(async (workbench) => {
      const path = join(workbench.folder, 'result.parquet');
      const rowCount = await this.write(workbench, job, plan, path, control);
      const preview = await previewOf(workbench.engine, path, control);
      await this.at(job, 'STORING');
      const { digest, sizeBytes } = await this.artifacts.upload(contextOf(job), createReadStream(path));
      await this.succeed(job, { resultDigest: digest, sizeBytes, rowCount, preview });
    });
  }

  private async write(
    workbench: Workbench,
    job: ClaimedHistoricalFeatures,
    plan: FeaturePlan,
    path: string,
    control: StatementControl,
  ): Promise<number> {
    await this.at(job, 'READING_LABELS');
    const { eventTimeColumn: eventTime, createdAt: now } = job;
    const columns = withMoment(plan, eventTime);
    const labels = await this.labels.lay(workbench, job.labels, { columns, eventTime, now }, control);
    await this.at(job, 'READING_VIEWS');
    const snapshots = new Map(job.snapshots.map(({ sourceId, version }) => [sourceId, version]));
    const views = plan.joins.map(({ view }) => view);
    const rows = await this.rows.layAll(workbench, views, { control, snapshots });
    await this.at(job, 'JOINING');
    return writeTrainingSet(workbench, labels, plan, rows, path, control);
  }

  private async at(job: ClaimedHistoricalFeatures, phase: HistoricalFeaturesPhase): Promise<void> {
    await this.leases.progress(job, { phase });
  }

  private async succeed(
    job: ClaimedHistoricalFeatures,
    result: NonNullable<HistoricalFeaturesJob['result']>,
  ): Promise<void> {
    await this.audit.transaction(contextOf(job), async (transaction) => {
      const changes = { result: JSON.stringify(result) };
      if (!(await this.leases.succeed(transaction, job, changes))) {
        throw new CodedError('CANCELLED', 'The job is no longer run by this worker.');
      }
      transaction.audit({
        action: 'historical-features.make',
        resourceType: 'historical-features',
        resourceId: job.id,
        detail: { rows: result.rowCount, artifact: result.resultDigest },
      });
    });
  }
}

/** The columns that labels need, with the one of their moments. @throws {CodedError} CONFLICT */
function withMoment({ labels }: FeaturePlan, eventTime: string): FeaturePlan['labels'] {
  const known = labels.find(({ name }) => name === eventTime);
  if (known === undefined) return [...labels, { name: eventTime, type: 'TIMESTAMP' }];
  if (known.type === 'TIMESTAMP') return labels;
  throw new CodedError(
    'CONFLICT',
    `The column ${JSON.stringify(eventTime)} of the labels cannot hold their moments: a feature view needs it as ${known.type}.`,
  );
}

/** A job runs on behalf of who asked for it; what they may do was asked then. */
function contextOf({ workspaceId, requestId, requestedBy }: HistoricalFeaturesJob): ActorContext {
  return { requestId, address: null, actor: { ...requestedBy, workspaceId, role: 'SERVICE', permissions: new Set() } };
}
