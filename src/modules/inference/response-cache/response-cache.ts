import { LRUCache } from 'lru-cache';
import { onAbort } from '../../../common/concurrency/on-abort.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { InferenceResult } from '../client/executor-client.js';
import { deadlineExceeded } from '../client/executor-connection.js';

/** What an answer takes besides its tensors, in bytes, roughly. */
const OVERHEAD_BYTES = 512;

/** One request of a model, as far as the cache is concerned. */
export interface CachedInference {
  readonly key: string;
  /** By `performance.now()`. */
  readonly expiresAt: number;
  readonly signal: AbortSignal | undefined;
  readonly run: () => Promise<InferenceResult>;
}

/** Answers of one version: those of late, and those under way, which equal requests share. Failures are forgotten. */
export class ResponseCache {
  private readonly answers: LRUCache<string, InferenceResult>;
  private readonly running = new Map<string, Promise<InferenceResult>>();

  constructor(maxBytes: number, ttlMs: number) {
    this.answers = new LRUCache({ maxSize: maxBytes, ttl: ttlMs, sizeCalculation: sizeOf });
  }

  /** Bytes that the answers take. */
  get bytes(): number {
    return this.answers.calculatedSize;
  }

  /**
   * The answer, of the cache, of an equal request that is under way, or of the model.
   * @throws {CodedError} what `run` throws, DEADLINE_EXCEEDED, CANCELLED.
   */
  async infer(inference: CachedInference): Promise<InferenceResult> {
    for (;;) {
      const known = this.answers.get(inference.key);
      if (known !== undefined) return known;
      const shared = this.running.get(inference.key);
      if (shared === undefined) return this.runFor(inference);
      try {
        return asHit(await within(shared, inference));
      } catch (error) {
        // The other one had less time or patience: that says nothing of this one, whose own end `within` tells.
        if (!isOtherOnes(error, inference)) throw error;
      }
    }
  }

  private async runFor({ key, run }: CachedInference): Promise<InferenceResult> {
    const running = run();
    this.running.set(key, running);
    try {
      const result = await running;
      // What came from a socket is part of a larger buffer, which would be kept as well.
      const outputs = result.outputs.map((output) => ({ ...output, data: Uint8Array.from(output.data) }));
      this.answers.set(key, asHit({ ...result, outputs }));
      return { ...result, fromCache: false };
    } finally {
      this.running.delete(key);
    }
  }
}

function sizeOf({ outputs }: InferenceResult, key: string): number {
  return outputs.reduce((sum, { data }) => sum + data.byteLength, OVERHEAD_BYTES + key.length);
}

/** Nothing was run and nothing waited for it. */
function asHit(result: InferenceResult): InferenceResult {
  return { ...result, inferenceMs: 0, queueMs: 0, fromCache: true };
}

function isOtherOnes(error: unknown, { expiresAt, signal }: CachedInference): boolean {
  const isEnded = signal?.aborted === true || performance.now() >= expiresAt;
  return !isEnded && error instanceof CodedError && (error.code === 'CANCELLED' || error.code === 'DEADLINE_EXCEEDED');
}

/** What another request is waiting for, as long as this one may wait. */
async function within(
  shared: Promise<InferenceResult>,
  { expiresAt, signal }: CachedInference,
): Promise<InferenceResult> {
  let stop: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    const cancel = (): void => reject(new CodedError('CANCELLED', 'The caller cancelled the inference.'));
    const timer = setTimeout(() => reject(deadlineExceeded()), Math.ceil(expiresAt - performance.now()));
    if (signal?.aborted === true) cancel();
    const forget = signal === undefined ? undefined : onAbort(signal, cancel);
    stop = () => {
      clearTimeout(timer);
      forget?.();
    };
  });
  try {
    return await Promise.race([shared, ended]);
  } finally {
    stop?.();
  }
}
