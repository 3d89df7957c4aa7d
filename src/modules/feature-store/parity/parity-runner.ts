import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import type { DataIssueFinding } from '../issues/data-issue.js';
import { DataIssues } from '../issues/data-issues.js';
import { ParityChecker } from './parity-checker.js';
import type { ParityReport } from './parity-report.js';
import { ParityRepository } from './parity.repository.js';

/** How often a worker asks whether a view is due, in milliseconds. */
const LOOK_MS = 5_000;

/** Looks again and again at what is online. One worker at a time takes on a view. */
@Injectable()
export class ParityRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly ending = new AbortController();
  private readonly task: PeriodicTask;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly parity: ParityRepository,
    private readonly checker: ParityChecker,
    private readonly issues: DataIssues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      Math.min(LOOK_MS, settings.NESTOR_DATA_PARITY_MS),
      () => this.checkDue(),
      (err) => logger.warn({ err }, 'features online could not be compared'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Gives up what is under way; it is due again after the interval. */
  async beforeApplicationShutdown(): Promise<void> {
    this.ending.abort();
    await this.task.stop();
  }

  private async checkDue(): Promise<void> {
    while (!this.ending.signal.aborted) {
      const viewId = await this.parity.take(this.settings.NESTOR_DATA_PARITY_MS);
      if (viewId === undefined) return;
      await this.lookAt(viewId);
    }
  }

  /** What is wrong with one does not keep the others from being looked at. */
  private async lookAt(viewId: string): Promise<void> {
    try {
      const report = await this.checker.check(viewId, this.ending.signal);
      if (report === null) return;
      await this.parity.keep(viewId, report);
      const run = await this.parity.lastMaterialization(viewId);
      if (run === null) return;
      const { workspaceId, view: subjectName } = run;
      const scope = {
        workspaceId,
        kind: 'PARITY',
        subjectType: 'feature-view',
        subjectId: viewId,
        subjectName,
      } as const;
      await this.issues.report(scope, findingsOf(report));
    } catch (err) {
      if (this.ending.signal.aborted) return;
      this.logger.error({ err, viewId }, 'the features of a view online could not be compared');
    }
  }
}

function findingsOf({
  version,
  materializationId,
  sampled,
  newer,
  different,
  differences,
}: ParityReport): DataIssueFinding[] {
  if (different === 0) return [];
  return [
    {
      aspect: 'parity',
      message: `Of ${sampled} sampled entities ${different} are online not as version ${version} of the view has them offline. Materialize the view again, and find out who writes to the online store.`,
      evidence: {
        version,
        materialization: materializationId,
        sampled,
        newer,
        different,
        differences: differences.map(({ kind, feature, rows }) => ({ kind, feature, rows })),
      },
    },
  ];
}
