import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { ModelVersionService, type VersionName } from '../../registry/model-version.service.js';
import type { HistoricalFeaturesJob } from '../offline/jobs/historical-features-job.js';
import { isJobId, jobNotFound } from '../offline/jobs/job-id.rules.js';
import { TrainingSetRepository } from './training-set.repository.js';

/** Records what model versions were trained on. */
@Injectable()
export class TrainingSetService {
  constructor(
    private readonly versions: ModelVersionService,
    private readonly trainingSets: TrainingSetRepository,
  ) {}

  /**
   * Takes the place of what the version named before.
   * @param jobIds of jobs that made a training set; none where nothing is known any more.
   * @throws {CodedError} MODEL_NOT_FOUND; NOT_FOUND where there is no such job in the workspace; CONFLICT where one did not
   * succeed.
   */
  async set(context: ActorContext, name: VersionName, jobIds: readonly string[]): Promise<void> {
    const { workspaceId, id: namedBy } = context.actor;
    const wanted = [...new Set(jobIds.map((id) => id.toLowerCase()))];
    await this.versions.change(context, name, async (transaction, _, { id: versionId }) => {
      const { manager } = transaction;
      assertMade(wanted, await this.trainingSets.jobs(workspaceId, wanted.filter(isJobId), manager));
      await this.trainingSets.replace(manager, versionId, wanted, { workspaceId, namedBy, namedAt: new Date() });
      transaction.audit({
        action: 'model-version.set-training-sets',
        resourceType: 'model-version',
        resourceId: `${name.model}/${name.version}`,
        detail: Object.fromEntries(wanted.map((id, index) => [`trainingSet${index + 1}`, id])),
      });
    });
  }
}

function assertMade(wanted: readonly string[], jobs: readonly HistoricalFeaturesJob[]): void {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  for (const id of wanted) {
    const job = byId.get(id);
    if (job === undefined) throw jobNotFound(id);
    if (job.status === 'SUCCEEDED') continue;
    throw new CodedError(
      'CONFLICT',
      `The job ${id} is ${job.status}; only one that has SUCCEEDED made a training set.`,
    );
  }
}
