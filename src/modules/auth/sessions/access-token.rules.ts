import { z } from 'zod';
import type { InstallationSecret } from '../../../common/crypto/installation-secret.js';

/** What is fixed in every access token, and what no other token has (RFC 8725, RFC 9068). */
export const ACCESS_TOKEN = {
  algorithm: 'HS256',
  type: 'at+jwt',
  issuer: 'nestor',
  audience: 'nestor-api',
} as const;

/** How far the clocks of two api processes may differ before a token "from the future" is refused, in milliseconds. */
const CLOCK_SKEW_MS = 5_000;

/** The key that signs access tokens, and nothing else. */
export const accessTokenKey = (secret: InstallationSecret): Buffer => secret.deriveKey('access-token');

/** Header and payload of a verified token: its type, and user, session and workspace by id. Times are in seconds. */
export const accessTokenSchema = (nowMs: number) =>
  z.object({
    header: z.object({ typ: z.literal(ACCESS_TOKEN.type) }),
    payload: z.object({
      sub: z.uuid(),
      sid: z.uuid(),
      wid: z.uuid(),
      iat: z.number().max((nowMs + CLOCK_SKEW_MS) / 1_000),
      exp: z.number(),
    }),
  });
