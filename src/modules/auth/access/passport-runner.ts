import passport from 'passport';
import type { Strategy } from 'passport';

/** What of a request the strategies read. */
export interface StrategyRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, string>>;
}

/**
 * Runs one Passport strategy. It is given as an instance and not by its name, as names are global to the process while
 * several applications may live in one (tests). Passport writes its callbacks onto the strategy it runs: hence a
 * derived object for each call.
 * @returns what the strategy's `validate` returned, or null when it refused.
 * @throws whatever the strategy met, such as a database that is not reachable.
 */
export async function runStrategy<Result>(strategy: Strategy, request: StrategyRequest): Promise<Result | null> {
  return new Promise((resolve, reject) => {
    const forThisCall = Object.create(strategy) as Strategy;
    const done = (error: Error | null, result: Result | false | null): void =>
      error ? reject(error) : resolve(result || null);
    const middleware: unknown = passport.authenticate(forThisCall, { session: false }, done);
    if (typeof middleware !== 'function') throw new TypeError('Passport made no middleware');
    middleware({ ...request }, {}, reject);
  });
}
