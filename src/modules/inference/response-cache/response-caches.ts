import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import type { Inference, InferenceResult } from '../client/executor-client.js';
import { InferenceMetrics } from '../metrics/inference-metrics.js';
import { cacheKey } from './cache-key.rules.js';
import { ResponseCache } from './response-cache.js';

interface Entry {
  readonly cache: ResponseCache;
  /** Of what was said of the version: with another one, the cache begins anew. */
  readonly revision: number;
  readonly maxBytes: number;
}

/**
 * Answers that this process remembers, of versions whose policies say so. Each gets the bytes of its policy; where
 * those of all are more than the process may have, the version that was asked for longest ago loses its own.
 */
@Injectable()
export class ResponseCaches {
  /** By id of the version, so that no workspace can tell by the time it takes what another one asked. */
  private readonly entries: LRUCache<string, Entry>;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    private readonly metrics: InferenceMetrics,
  ) {
    this.entries = new LRUCache({
      maxSize: settings.NESTOR_RESPONSE_CACHE_BYTES,
      sizeCalculation: ({ maxBytes }) => maxBytes,
    });
  }

  /**
   * Answers of the cache where the version has one, or runs it.
   * @throws {CodedError} what `run` throws, DEADLINE_EXCEEDED, CANCELLED.
   */
  async infer(
    target: ServableVersion,
    inference: Inference,
    run: () => Promise<InferenceResult>,
  ): Promise<InferenceResult> {
    const cache = this.cacheOf(target);
    if (cache === undefined) return run();
    const { tensors, outputs, deadlineMs, signal } = inference;
    const expiresAt = performance.now() + deadlineMs;
    const result = await cache.infer({ key: cacheKey(tensors, outputs), expiresAt, signal, run });
    this.metrics.cacheAsked(target, result.fromCache === true);
    return result;
  }

  /** Forgets the answers of a version. */
  drop(versionId: string): void {
    this.entries.delete(versionId);
  }

  /** Bytes that all answers take. */
  get bytes(): number {
    return [...this.entries.values()].reduce((sum, { cache }) => sum + cache.bytes, 0);
  }

  private cacheOf({ versionId, serving }: ServableVersion): ResponseCache | undefined {
    const maxBytes = serving?.policy.cacheBytes;
    if (serving === null || maxBytes === undefined) return undefined;
    const { revision, policy } = serving;
    const known = this.entries.get(versionId);
    if (known?.revision === revision) return known.cache;
    const cache = new ResponseCache(maxBytes, policy.cacheTtlMs ?? 1);
    this.entries.set(versionId, { cache, revision, maxBytes });
    return cache;
  }
}
