import { makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { ExecutorView } from '../client/executor-view.js';
import { ExecutorHost } from '../hosting/executor-host.service.js';
import { JobCounts } from './job-counts.js';

/**
 * States that are read when Prometheus asks. Those of executors and jobs are the same in every process, so that a
 * query takes their maximum, not their sum.
 */
export const executorGaugeProviders = [
  makeGaugeProvider({
    name: 'nestor_executors',
    help: 'Executor processes of all workers, by state and by the device that they use.',
    labelNames: ['state', 'device'],
    inject: [ExecutorView],
    collect(this: Gauge, view: ExecutorView) {
      this.reset();
      for (const { executors } of view.hosts()) {
        for (const { state, effectiveDevice } of executors) this.inc({ state, device: effectiveDevice });
      }
    },
  }),
  makeGaugeProvider({
    name: 'nestor_executor_models_loaded',
    help: 'Different models that executors keep loaded.',
    inject: [ExecutorView],
    collect(this: Gauge, view: ExecutorView) {
      const executors = view.hosts().flatMap((host) => host.executors);
      this.set(new Set(executors.flatMap(({ models }) => models.map(({ digest }) => digest))).size);
    },
  }),
  makeGaugeProvider({
    name: 'nestor_executor_in_flight',
    help: 'Requests that executors have taken and not answered, as of their last heartbeat.',
    inject: [ExecutorView],
    collect(this: Gauge, view: ExecutorView) {
      const executors = view.hosts().flatMap((host) => host.executors);
      this.set(executors.reduce((sum, { inFlight }) => sum + inFlight, 0));
    },
  }),
  makeGaugeProvider({
    name: 'nestor_executor_resident_memory_bytes',
    help: 'Memory that executor processes hold, in bytes.',
    inject: [ExecutorView],
    collect(this: Gauge, view: ExecutorView) {
      const executors = view.hosts().flatMap((host) => host.executors);
      this.set(executors.reduce((sum, { rssBytes }) => sum + rssBytes, 0));
    },
  }),
];

export const jobGaugeProviders = [
  makeGaugeProvider({
    name: 'nestor_inference_jobs',
    help: 'Queued inferences that have not succeeded, failed or been cancelled, by status; DEAD ones can be retried.',
    labelNames: ['status'],
    inject: [JobCounts],
    async collect(this: Gauge, counts: JobCounts) {
      for (const [status, count] of await counts.byStatus()) this.set({ status }, count);
    },
  }),
  makeGaugeProvider({
    name: 'nestor_queue_depth',
    help: 'Jobs of a queue that wait, for a worker or for their moment; one may bring several inferences.',
    labelNames: ['queue'],
    inject: [JobCounts],
    async collect(this: Gauge, counts: JobCounts) {
      for (const [queue, depth] of await counts.depths()) {
        if (depth === null) this.remove({ queue });
        else this.set({ queue }, depth);
      }
    },
  }),
];

export const executorHostMetricProviders = [
  makeCounterProvider({
    name: 'nestor_executor_restarts_total',
    help: 'Executor processes of this worker that ended unasked and were replaced.',
    inject: [ExecutorHost],
    collect(this: Counter, host: ExecutorHost) {
      this.reset();
      this.inc(host.state()?.executors.reduce((sum, { restarts }) => sum + restarts, 0) ?? 0);
    },
  }),
];
