import { crc32 } from 'node:zlib';
import type { Permission } from '../../../common/access/permissions.js';
import { encodeBase62 } from '../../../common/crypto/base62.js';
import { randomBase62 } from '../../../common/crypto/random-token.js';

/** Lets scanners find leaked keys, and tells keys from tokens at a glance. */
export const API_KEY_PREFIX = 'nst_';

/** 30 base62 characters hold 178 random bits. */
const RANDOM_LENGTH = 30;

/** 62^6 > 2^32: six base62 digits hold any CRC32. */
const CHECKSUM_LENGTH = 6;

/** How much of a key is shown in lists: the prefix and four characters, 24 of its 178 bits. */
const SHOWN_LENGTH = API_KEY_PREFIX.length + 4;

const shape = new RegExp(`^${API_KEY_PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/** `nst_`, 30 random base62 characters, and 6 of the CRC32 of all before them. */
export function generateApiKey(): string {
  const body = API_KEY_PREFIX + randomBase62(RANDOM_LENGTH);
  return body + checksumOf(body);
}

/**
 * Whether a text can be one of our keys. CRC32 finds every single mistyped character, so that typos and made-up keys
 * are refused without asking the database. It is no secret and no proof.
 */
export function isWellFormedApiKey(text: string): boolean {
  return shape.test(text) && checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** The start of a key, by which people tell their keys apart. */
export const shownPrefixOf = (key: string): string => key.slice(0, SHOWN_LENGTH);

const checksumOf = (body: string): string => encodeBase62(crc32(body), CHECKSUM_LENGTH);

/** What of an API key decides whether it is valid. */
export interface ApiKeyValidity {
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** Set when it was rotated: until then the old key works beside the new one. */
  readonly graceEndsAt: Date | null;
}

/** When the key stops working, in milliseconds since the epoch; `-Infinity` when it was revoked. */
export function validUntil(key: ApiKeyValidity): number {
  if (key.revokedAt !== null) return Number.NEGATIVE_INFINITY;
  return Math.min(
    key.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY,
    key.graceEndsAt?.getTime() ?? Number.POSITIVE_INFINITY,
  );
}

/** The permissions of `wanted` that `held` lacks; empty when nothing would be gained. */
export function permissionsBeyond(held: ReadonlySet<Permission>, wanted: Iterable<Permission>): Permission[] {
  return [...new Set(wanted)].filter((permission) => !held.has(permission));
}
