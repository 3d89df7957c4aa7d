import type { CallRequest } from '../../../common/access/call-context.js';
import { API_KEY_PREFIX } from '../api-keys/api-key.rules.js';

/** What a request brought to say who sent it. */
export interface Credential {
  readonly kind: 'ACCESS_TOKEN' | 'API_KEY';
  readonly value: string;
}

/** Longest credential that is looked at, in characters. Ours have a few hundred at most. */
const MAX_LENGTH = 4_096;

/**
 * Finds the credential of a request: `X-API-Key: nst_…`, `Authorization: Bearer nst_…` or `Authorization: Bearer
 * <access token>`. When both headers are there the key counts, as it was made for machines on purpose.
 * @returns null when there is none. Anything else in these headers is a credential that nobody accepts.
 */
export function credentialOf(headers: CallRequest['headers']): Credential | null {
  const key = headers['x-api-key'];
  if (key !== undefined && key !== '') {
    const value = bounded(String(key));
    return { kind: 'API_KEY', value: value.startsWith(API_KEY_PREFIX) ? value : '' };
  }
  const { authorization } = headers;
  if (authorization === undefined || authorization === '') return null;
  const value = bounded(/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '');
  return { kind: value.startsWith(API_KEY_PREFIX) ? 'API_KEY' : 'ACCESS_TOKEN', value };
}

const bounded = (value: string): string => (value.length <= MAX_LENGTH ? value : '');
