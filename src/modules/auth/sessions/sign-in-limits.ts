import { Inject, Injectable } from '@nestjs/common';
import type { CallContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { sha256 } from '../../../common/crypto/digest.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { RateLimiter } from '../../../common/rate-limit/rate-limiter.js';
import { RefusalRecorder } from '../access/refusal-recorder.js';

/** An address may try this many times as often as an account: people behind one router share theirs. */
const ADDRESS_FACTOR = 10;

/** Limits how often passwords can be tried, per account and per address, over all processes. */
@Injectable()
export class SignInLimits {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly refusals: RefusalRecorder,
    @Inject(SETTINGS)
    private readonly settings: Pick<Settings, 'NESTOR_SIGN_IN_LIMIT' | 'NESTOR_SIGN_IN_WINDOW_SECONDS'>,
  ) {}

  /**
   * Counts one attempt, right or wrong; a success gives nothing back. The address comes first, so that one that has
   * used up its attempts can neither lock more accounts nor fill the store with their names.
   * @param email in lower case; the account need not exist.
   * @throws {CodedError} RATE_LIMITED
   */
  async countAttempt(context: CallContext, action: string, email: string): Promise<void> {
    const limit = this.settings.NESTOR_SIGN_IN_LIMIT;
    if (context.address !== null) {
      await this.consume(context, action, email, `sign-in:address:${context.address}`, limit * ADDRESS_FACTOR);
    }
    await this.consume(context, action, email, `sign-in:account:${sha256(email)}`, limit);
  }

  private async consume(context: CallContext, action: string, email: string, key: string, limit: number) {
    const windowSeconds = this.settings.NESTOR_SIGN_IN_WINDOW_SECONDS;
    const { allowed, retryAfterMs } = await this.limiter.consume(key, 1, limit, windowSeconds);
    if (allowed) return;
    const target = { resourceType: 'account', resourceId: email };
    this.refusals.record(context, { action, ...target, outcome: 'DENIED', errorCode: 'RATE_LIMITED' });
    const message = `Too many attempts. Try again in ${Math.ceil(retryAfterMs / 1_000)} seconds.`;
    throw new CodedError('RATE_LIMITED', message, { retryAfterMs });
  }
}
