import { Column } from 'typeorm';
import type { Actor } from '../access/actor.js';
import type { ErrorCode } from '../errors/error-table.js';

const moment = { type: 'timestamptz', precision: 3 } as const;

/** States of all kinds of work on data. */
export const leasedRowStatuses = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'REJECTED', 'FAILED', 'CANCELLED'] as const;

export type LeasedRowStatus = (typeof leasedRowStatuses)[number];

/** What every row has whose work goes through a queue, and which workers lease. The queue carries only its id. */
export abstract class LeasedRowEntity {
  abstract id: string;

  /** `QUEUED` until a worker takes it on, then `RUNNING` until it has ended. */
  abstract status: LeasedRowStatus;

  @Column('uuid')
  workspaceId!: string;

  /** Raised whenever it is queued again: a delivery of an older generation changes nothing. */
  @Column('int', { default: 1 })
  generation!: number;

  @Column('int', { default: 0 })
  attempts!: number;

  @Column('int')
  maxAttempts!: number;

  @Column('varchar', { length: 128 })
  requestId!: string;

  /** On whose behalf it runs. */
  @Column('jsonb')
  requestedBy!: Pick<Actor, 'kind' | 'id' | 'name'>;

  @Column('varchar', { length: 64, nullable: true })
  errorCode!: ErrorCode | null;

  @Column('text', { nullable: true })
  errorMessage!: string | null;

  /** Id of the worker process that runs it. */
  @Column('varchar', { length: 64, nullable: true })
  worker!: string | null;

  /** The worker renews this while it lives. */
  @Column({ ...moment, nullable: true })
  leaseUntil!: Date | null;

  @Column({ ...moment, default: () => 'now()' })
  createdAt!: Date;

  /** It runs not before this moment. */
  @Column({ ...moment, default: () => 'now()' })
  availableAt!: Date;

  /** When it was last given to the queue. */
  @Column({ ...moment, default: () => 'now()' })
  enqueuedAt!: Date;

  @Column({ ...moment, nullable: true })
  startedAt!: Date | null;

  @Column({ ...moment, nullable: true })
  endedAt!: Date | null;
}
