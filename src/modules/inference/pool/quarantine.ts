import type { QuarantinedModel } from '../protocol/executor-state.js';

const STRIKES = 3;
/** Strikes further apart than this do not add up. */
const STRIKE_WINDOW_MS = 10 * 60_000;
const COOL_DOWN_MS = 5 * 60_000;

/**
 * Keeps models that crash or hang executors from doing so again and again: three strikes within ten minutes, and a
 * model is not run for five. Times are milliseconds since 1970.
 */
export class Quarantine {
  private readonly strikes = new Map<string, number[]>();
  private readonly endings = new Map<string, number>();

  /** Notes that an executor ended while it ran this model; returns whether the model is now quarantined. */
  strike(digest: string, now: number): boolean {
    const recent = [...(this.strikes.get(digest) ?? []), now].filter((time) => time > now - STRIKE_WINDOW_MS);
    if (recent.length < STRIKES) {
      this.strikes.set(digest, recent);
      return false;
    }
    this.strikes.delete(digest);
    this.endings.set(digest, now + COOL_DOWN_MS);
    return true;
  }

  /** When the quarantine of a model ends, or undefined where there is none. */
  endOf(digest: string, now: number): number | undefined {
    const until = this.endings.get(digest);
    return until !== undefined && until > now ? until : undefined;
  }

  /** The models that are quarantined; forgets what is over. */
  list(now: number): QuarantinedModel[] {
    for (const [digest, until] of this.endings) if (until <= now) this.endings.delete(digest);
    for (const [digest, times] of this.strikes) {
      if ((times.at(-1) ?? 0) <= now - STRIKE_WINDOW_MS) this.strikes.delete(digest);
    }
    return Array.from(this.endings, ([digest, until]) => ({ digest, until }));
  }
}
