import { Injectable } from '@nestjs/common';
import {
  InjectMetric,
  makeCounterProvider,
  makeGaugeProvider,
  makeHistogramProvider,
} from '@willsoto/nestjs-prometheus';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import { BoundedLabels } from './bounded-labels.js';

/** predict is answered at once, queued goes through the job queue, batch is a run of rows of a file. */
export type Lane = 'predict' | 'queued' | 'batch';

/** The facts of one inference that are measured. */
export interface MeasuredInference {
  readonly lane: Lane;
  /** Null where the request did not come as far as to a model. */
  readonly target: { readonly model: string; readonly version: number } | null;
  /** Null for success. */
  readonly errorCode: ErrorCode | null;
  /** From the request's arrival to its answer. */
  readonly elapsedMs: number;
  readonly answer: { readonly queueMs: number; readonly batchRows: number } | null;
}

const names = {
  requests: 'nestor_inference_requests_total',
  duration: 'nestor_inference_duration_seconds',
  queueDuration: 'nestor_inference_queue_duration_seconds',
  batchRows: 'nestor_inference_batch_rows',
  errors: 'nestor_inference_errors_total',
  inFlight: 'nestor_inference_in_flight',
  cache: 'nestor_response_cache_requests_total',
} as const;

/** Seconds; from the fastest models to the longest deadline. */
const durationBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const rowBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

export const inferenceMetricProviders = [
  makeCounterProvider({
    name: names.requests,
    help: 'Inference requests by model, version, lane and outcome (success or error).',
    labelNames: ['model', 'version', 'lane', 'outcome'],
  }),
  makeHistogramProvider({
    name: names.duration,
    help: 'Time from the arrival of an inference request to its answer, in seconds.',
    labelNames: ['model', 'lane'],
    buckets: durationBuckets,
  }),
  makeHistogramProvider({
    name: names.queueDuration,
    help: 'Time that inference requests waited for their executor, in seconds.',
    labelNames: ['model', 'lane'],
    buckets: durationBuckets,
  }),
  makeHistogramProvider({
    name: names.batchRows,
    help: 'Rows of the batches in which inference requests ran.',
    labelNames: ['model'],
    buckets: rowBuckets,
  }),
  makeCounterProvider({
    name: names.errors,
    help: 'Inference requests that failed, by lane and error code.',
    labelNames: ['lane', 'code'],
  }),
  makeGaugeProvider({
    name: names.inFlight,
    help: 'Inference requests that are being worked on.',
    labelNames: ['lane'],
  }),
  makeCounterProvider({
    name: names.cache,
    help: 'Predictions of versions whose answers are remembered, by model, version and outcome (hit or miss).',
    labelNames: ['model', 'version', 'outcome'],
  }),
];

/** Counts and times inferences of all lanes. */
@Injectable()
export class InferenceMetrics {
  private readonly labels = new BoundedLabels();

  constructor(
    @InjectMetric(names.requests) private readonly requests: Counter,
    @InjectMetric(names.duration) private readonly duration: Histogram,
    @InjectMetric(names.queueDuration) private readonly queueDuration: Histogram,
    @InjectMetric(names.batchRows) private readonly batchRows: Histogram,
    @InjectMetric(names.errors) private readonly errors: Counter,
    @InjectMetric(names.inFlight) private readonly inFlight: Gauge,
    @InjectMetric(names.cache) private readonly cache: Counter,
  ) {}

  started(lane: Lane): void {
    this.inFlight.inc({ lane });
  }

  ended(lane: Lane): void {
    this.inFlight.dec({ lane });
  }

  cacheAsked(target: { readonly model: string; readonly version: number }, isHit: boolean): void {
    const { model, version } = this.labels.of(target);
    this.cache.inc({ model, version, outcome: isHit ? 'hit' : 'miss' });
  }

  observe({ lane, target, errorCode, elapsedMs, answer }: MeasuredInference): void {
    const { model, version } = this.labels.of(target);
    this.requests.inc({ model, version, lane, outcome: errorCode === null ? 'success' : 'error' });
    if (errorCode !== null) this.errors.inc({ lane, code: errorCode });
    this.duration.observe({ model, lane }, elapsedMs / 1_000);
    if (answer !== null) {
      this.queueDuration.observe({ model, lane }, answer.queueMs / 1_000);
      this.batchRows.observe({ model }, answer.batchRows);
    }
  }
}
