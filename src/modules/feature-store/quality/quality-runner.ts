import { randomUUID } from 'node:crypto';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { DataIssues } from '../issues/data-issues.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';
import { findingsOf } from './quality-findings.rules.js';
import { QualityMeter } from './quality-meter.js';
import { type DueSource, QualityScheduleRepository } from './quality-schedule.repository.js';
import { QualityRepository } from './quality.repository.js';

/** How often a worker asks whether a source is due, in milliseconds: so soon it is measured after a collection. */
const LOOK_MS = 1_000;
/** Old measurements that are deleted after each look. */
const DELETED_AT_ONCE = 1_000;

/** Measures sources: each again and again, and after each collection. One worker at a time takes on a source. */
@Injectable()
export class QualityRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly ending = new AbortController();
  private readonly task: PeriodicTask;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly schedules: QualityScheduleRepository,
    private readonly sources: DataSourceRepository,
    private readonly quality: QualityRepository,
    private readonly meter: QualityMeter,
    private readonly issues: DataIssues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      Math.min(LOOK_MS, settings.NESTOR_DATA_QUALITY_MS),
      () => this.measureDue(),
      (err) => logger.warn({ err }, 'the quality of data could not be measured'),
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

  private async measureDue(): Promise<void> {
    let isMore = true;
    while (isMore && !this.ending.signal.aborted) {
      const due = await this.schedules.take(this.settings.NESTOR_DATA_QUALITY_MS);
      isMore = due !== undefined;
      if (due !== undefined) await this.lookAt(due);
    }
    await this.quality.deleteOlderThan(this.settings.NESTOR_DATA_QUALITY_RETENTION_DAYS, DELETED_AT_ONCE);
  }

  /** What is wrong with one does not keep the others from being measured. */
  private async lookAt(due: DueSource): Promise<void> {
    try {
      await this.measure(due);
    } catch (err) {
      if (this.ending.signal.aborted) return;
      this.logger.error({ err, sourceId: due.sourceId }, 'the quality of a data source could not be measured');
    }
  }

  private async measure({ workspaceId, sourceId }: DueSource): Promise<void> {
    const source = await this.sources.findById(workspaceId, sourceId);
    const scope = {
      workspaceId,
      kind: 'QUALITY',
      subjectType: 'data-source',
      subjectId: sourceId,
      subjectName: source?.name ?? '',
    } as const;
    if (source === null || source.deletedAt !== null) {
      await this.issues.report(scope, []);
      return this.schedules.forget(sourceId);
    }
    const { expectations, updatedAt } = await this.quality.expectationsOf(sourceId);
    const last = await this.quality.newest(sourceId);
    // What was measured by other rules says nothing of these.
    const before = last !== null && last.measuredAt > updatedAt ? last.measurement : null;
    const measurement = await this.meter.measure(source, expectations, before, this.ending.signal);
    if (measurement === null) return;
    await this.quality.add({ id: randomUUID(), workspaceId, sourceId, measurement, measuredAt: new Date() });
    await this.issues.report(scope, findingsOf(measurement));
  }
}
