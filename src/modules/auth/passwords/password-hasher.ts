import { hash, parseOptions, verify } from '@node-rs/argon2';
import { Injectable } from '@nestjs/common';
import { randomBase62 } from '../../../common/crypto/random-token.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { normalizePassword } from './password.rules.js';

/**
 * OWASP Password Storage Cheat Sheet: argon2id with 19 MiB (19,456 KiB), 2 passes, 1 lane at least. Argon2id is the
 * library's default; its enum of algorithms is ambient and constant, which isolated modules cannot read.
 */
export const ARGON2_OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const ARGON2ID_PREFIX = '$argon2id$';

/** Each hash holds 19 MiB and one thread of libuv's pool of four; two leave room for files and names. */
const CONCURRENCY = 2;

/** At about 20 ms each, the last in the queue waits about half a second; more are turned away. */
const QUEUE_LIMIT = 64;

/** Hashes and checks passwords with argon2id, a few at a time, so that a flood of sign-ins cannot take the memory. */
@Injectable()
export class PasswordHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private dummyHash: Promise<string> | undefined;

  /** @throws {CodedError} OVERLOADED when too many are waiting. */
  async hash(password: string): Promise<string> {
    return this.inTurn(() => hash(normalizePassword(password), ARGON2_OPTIONS));
  }

  /**
   * Whether the password is the one that was hashed. Without a hash (an unknown account) it does the same work and
   * answers false, so that the time taken does not tell which accounts exist.
   * @throws {CodedError} OVERLOADED when too many are waiting.
   */
  async verify(passwordHash: string | null, password: string): Promise<boolean> {
    const expected = passwordHash ?? (await this.hashOfNobody());
    const matches = await this.inTurn(() => verify(expected, normalizePassword(password)));
    return matches && passwordHash !== null;
  }

  /** Whether a hash was made with less work than is asked for today. */
  isWeak(passwordHash: string): boolean {
    const made = parseOptions(passwordHash);
    return (
      !passwordHash.startsWith(ARGON2ID_PREFIX) ||
      made.memoryCost < ARGON2_OPTIONS.memoryCost ||
      made.timeCost < ARGON2_OPTIONS.timeCost
    );
  }

  /** Made before the first sign-in, as making it later would be time that tells. */
  async prepare(): Promise<void> {
    await this.hashOfNobody();
  }

  private hashOfNobody(): Promise<string> {
    this.dummyHash ??= hash(randomBase62(32), ARGON2_OPTIONS);
    return this.dummyHash;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= CONCURRENCY) {
      if (this.waiting.length >= QUEUE_LIMIT) {
        const message = 'Too many passwords are being checked at the moment. Try again shortly.';
        throw new CodedError('OVERLOADED', message, { retryAfterMs: 1_000 });
      }
      // Whoever finishes hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}
