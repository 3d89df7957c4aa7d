import { Injectable } from '@nestjs/common';
import {
  InjectMetric,
  makeCounterProvider,
  makeGaugeProvider,
  makeHistogramProvider,
} from '@willsoto/nestjs-prometheus';
import { Counter, type Gauge, Histogram } from 'prom-client';
import type { DataSourceKind } from '../sources/connections/connection.js';
import { OpenCollections } from './open-collections.js';

/** How an attempt ended: rejected is a batch that the policy of its source refused. */
export type CollectionOutcome = 'success' | 'rejected';

const names = {
  collections: 'nestor_data_collections',
  duration: 'nestor_data_collection_duration_seconds',
  rowsRead: 'nestor_data_rows_read_total',
  rowsAccepted: 'nestor_data_rows_accepted_total',
  rowsQuarantined: 'nestor_data_rows_quarantined_total',
} as const;

/** Seconds; from a file of some rows to what a night may take. */
const durationBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 1_800, 3_600];

export const collectionMetricProviders = [
  makeGaugeProvider({
    name: names.collections,
    help: 'Collections that wait or run, by state and by kind of source. The same in every worker: take the maximum, not the sum.',
    labelNames: ['status', 'kind'],
    inject: [OpenCollections],
    async collect(this: Gauge, open: OpenCollections) {
      for (const { status, kind, count } of await open.counts()) this.set({ status, kind }, count);
    },
  }),
  makeHistogramProvider({
    name: names.duration,
    help: 'Time that attempts to collect a source took, in seconds, by its kind and by outcome (success, rejected or error).',
    labelNames: ['kind', 'outcome'],
    buckets: durationBuckets,
  }),
  makeCounterProvider({
    name: names.rowsRead,
    help: 'Rows that collections read, by kind of source; also those of attempts that failed later.',
    labelNames: ['kind'],
  }),
  makeCounterProvider({
    name: names.rowsAccepted,
    help: 'Rows that became part of snapshots, by kind of source; also those that came out of quarantine.',
    labelNames: ['kind'],
  }),
  makeCounterProvider({
    name: names.rowsQuarantined,
    help: 'Rows that were put into quarantine, by kind of source.',
    labelNames: ['kind'],
  }),
];

/** What this worker's collections did. */
@Injectable()
export class CollectionMetrics {
  constructor(
    @InjectMetric(names.duration) private readonly duration: Histogram,
    @InjectMetric(names.rowsRead) private readonly rowsRead: Counter,
    @InjectMetric(names.rowsAccepted) private readonly rowsAccepted: Counter,
    @InjectMetric(names.rowsQuarantined) private readonly rowsQuarantined: Counter,
  ) {}

  read(kind: DataSourceKind, rows: number): void {
    this.rowsRead.inc({ kind }, rows);
  }

  accepted(kind: DataSourceKind, rows: number): void {
    this.rowsAccepted.inc({ kind }, rows);
  }

  quarantined(kind: DataSourceKind, rows: number): void {
    this.rowsQuarantined.inc({ kind }, rows);
  }

  /** Does the work of an attempt, and measures it. */
  async measure(kind: DataSourceKind, work: () => Promise<CollectionOutcome>): Promise<void> {
    const end = this.duration.startTimer({ kind });
    let outcome: CollectionOutcome | 'error' = 'error';
    try {
      outcome = await work();
    } finally {
      end({ outcome });
    }
  }
}
