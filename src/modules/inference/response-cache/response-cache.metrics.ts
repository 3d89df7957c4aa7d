import { makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { ResponseCaches } from './response-caches.js';

export const responseCacheMetricProviders = [
  makeGaugeProvider({
    name: 'nestor_response_cache_bytes',
    help: 'Bytes of answers that this process remembers.',
    inject: [ResponseCaches],
    collect(this: Gauge, caches: ResponseCaches) {
      this.set(caches.bytes);
    },
  }),
];
