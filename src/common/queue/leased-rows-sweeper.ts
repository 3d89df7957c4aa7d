import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { PeriodicTask } from '../concurrency/periodic-task.js';
import type { AdvisoryLock } from '../database/advisory-locks.js';
import { whileAlone } from '../database/while-alone.js';
import type { LeasedRowEntity } from './leased-row.entity.js';
import type { LeasedRows } from './leased-rows.js';
import type { TurnQueue } from './turn-queue.js';

export interface LeasedRowsSweeperOptions {
  readonly lock: AdvisoryLock;
  /** Time between two sweeps, in milliseconds; what waits for longer is queued again. */
  readonly everyMs: number;
}

/** Makes sure that all work of leased rows ends, whatever the queue or a worker forgot. PostgreSQL is the record. */
export abstract class LeasedRowsSweeper<Row extends LeasedRowEntity>
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly task: PeriodicTask;

  protected constructor(
    { lock, everyMs }: LeasedRowsSweeperOptions,
    dataSource: DataSource,
    private readonly rows: LeasedRows<Row>,
    private readonly turns: TurnQueue,
    private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      everyMs,
      () => whileAlone(dataSource, lock, () => this.sweepOnce(everyMs)),
      (err) => logger.warn({ err, queue: turns.name }, 'what is queued could not be swept'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Ends after what is under way. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** Clears what work that came to nothing left. */
  protected clear(): Promise<void> {
    return Promise.resolve();
  }

  private async sweepOnce(olderThanMs: number): Promise<void> {
    const lost = await this.rows.takeFromLostWorkers();
    if (lost.length > 0) {
      this.logger.warn({ rows: lost.length, queue: this.turns.name }, 'took work from workers that are gone');
    }
    await this.turns.add([...lost, ...(await this.rows.takeLongQueued(olderThanMs))]);
    await this.clear();
  }
}
