/** One thing that must work for a process to do its job; rejects with what is wrong. */
export type HealthCheck = () => Promise<void> | void;

export interface HealthReport {
  readonly status: 'ok' | 'unavailable';
  readonly checks: Readonly<Record<string, string>>;
}

/** Where the management port tells readiness. */
export const READINESS_PATH = '/health/ready';

/** How long one check may take, in milliseconds, before it counts as failed. */
const CHECK_TIMEOUT_MS = 2_000;

/**
 * What readiness depends on; features add their checks when they start. Liveness depends on nothing: an outage of a
 * shared part must not make an orchestrator restart the whole fleet.
 */
export class HealthChecks {
  private readonly checks = new Map<string, HealthCheck>();

  add(name: string, check: HealthCheck): void {
    this.checks.set(name, check);
  }

  async report(): Promise<HealthReport> {
    const results = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await outcomeOf(check)] as const),
    );
    const status = results.every(([, outcome]) => outcome === 'ok') ? 'ok' : 'unavailable';
    return { status, checks: Object.fromEntries(results) };
  }
}

async function outcomeOf(check: HealthCheck): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([(async () => check())(), late]);
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.message || error.name : String(error);
  } finally {
    clearTimeout(timer);
  }
}
