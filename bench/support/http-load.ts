import autocannon from 'autocannon';
import { inTurns } from './rounds.js';

export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  readonly concurrency: number;
  readonly seconds: number;
  /** A part of every right answer. */
  readonly expects: string;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sends the same POST over and over (autocannon, closed loop). @throws when any answer was not the right one. */
export async function httpLoad(load: Load): Promise<LoadResult> {
  const result = await autocannon({
    url: load.url,
    method: 'POST',
    connections: load.concurrency,
    duration: load.seconds,
    headers: { 'content-type': 'application/json', ...load.headers },
    body: load.body,
    verifyBody: (body) => String(body).includes(load.expects),
  });
  const wrong = result.non2xx + result.errors + result.mismatches;
  if (wrong > 0) throw new Error(`${wrong} of ${result.requests.total} answers of ${load.url} were wrong`);
  return { perSecond: result.requests.average, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
}

/** Takes turns between several loads; of each the turn with the median rate. */
export const loadsInTurns = (loads: readonly Load[], rounds: number): Promise<LoadResult[]> =>
  inTurns(
    loads.map((load) => () => httpLoad(load)),
    rounds,
    ({ perSecond }) => perSecond,
  );
