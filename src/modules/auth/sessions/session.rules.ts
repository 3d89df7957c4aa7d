import { randomBase62 } from '../../../common/crypto/random-token.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { Member } from '../users/member.repository.js';

/** Lets scanners and people recognise a refresh token. */
const REFRESH_TOKEN_PREFIX = 'nsr_';

/** 43 base62 characters hold 256 bits. */
const RANDOM_LENGTH = 43;

const shape = new RegExp(`^${REFRESH_TOKEN_PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH}}$`);

export const generateRefreshToken = (): string => REFRESH_TOKEN_PREFIX + randomBase62(RANDOM_LENGTH);

export const isWellFormedRefreshToken = (text: string): boolean => shape.test(text);

/**
 * The membership to sign in to: the one whose workspace was named, or the only one.
 * @param memberships those that are not disabled, of an account whose password was right.
 * @throws {CodedError} INVALID_INPUT when there are several and none was named.
 */
export function chooseMembership(memberships: readonly Member[], slug: string | undefined): Member | undefined {
  if (slug !== undefined) return memberships.find(({ workspace }) => workspace.slug === slug);
  if (memberships.length > 1) {
    const slugs = memberships.map(({ workspace }) => workspace.slug).sort();
    throw new CodedError('INVALID_INPUT', `workspace: this account is in several, name one: ${slugs.join(', ')}.`);
  }
  return memberships[0];
}
