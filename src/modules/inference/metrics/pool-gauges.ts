import { makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { ExecutorView } from '../client/executor-view.js';
import { ExecutorPoolRepository } from '../fleet/executor-pool.repository.js';
import { type PoolStatus, poolStatuses } from '../fleet/pool-health.rules.js';

/** How pools stand, as Prometheus asks. Every worker says the same, so that a query takes their maximum. */
export const poolGaugeProviders = [
  makeGaugeProvider({
    name: 'nestor_executor_pool_replicas',
    help: 'Executors that a pool is to have, as somebody or its policy has said.',
    labelNames: ['pool'],
    inject: [ExecutorPoolRepository, ExecutorView],
    async collect(this: Gauge, pools: ExecutorPoolRepository, view: ExecutorView) {
      for (const { name, replicas } of await statuses(pools, view)) this.set({ pool: name }, replicas);
    },
  }),
  makeGaugeProvider({
    name: 'nestor_executor_pool_ready',
    help: 'Executors of a pool that take requests.',
    labelNames: ['pool'],
    inject: [ExecutorPoolRepository, ExecutorView],
    async collect(this: Gauge, pools: ExecutorPoolRepository, view: ExecutorView) {
      for (const { name, ready } of await statuses(pools, view)) this.set({ pool: name }, ready);
    },
  }),
];

async function statuses(pools: ExecutorPoolRepository, view: ExecutorView): Promise<PoolStatus[]> {
  const wanted = await pools.all().catch(() => []);
  return poolStatuses(view.hosts(), new Map(wanted.map(({ name, replicas }) => [name, replicas])));
}
