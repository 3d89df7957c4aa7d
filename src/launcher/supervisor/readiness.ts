import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../start-error.js';

const POLL_MS = 100;
const ANSWER_WITHIN_MS = 3_000;

/** What a readiness probe said last. */
export interface Readiness {
  readonly ready: boolean;
  /** What the health endpoint answered, or why it did not. */
  readonly detail: string;
}

/** Asks a health endpoint once. */
export async function probe(url: string): Promise<Readiness> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return { ready: answer.ok, detail: (await answer.text()).slice(0, 1_000) };
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    return { ready: false, detail: messageOf(cause ?? error) };
  }
}

/** Asks until the endpoint says that it is ready, the time is up, or `until` fires. */
export async function waitUntilReady(url: string, withinMs: number, until: AbortSignal): Promise<Readiness> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await probe(url);
    if (answer.ready || until.aborted || Date.now() > deadline) return answer;
    await sleep(POLL_MS, undefined, { signal: until }).catch(() => undefined);
  }
}
