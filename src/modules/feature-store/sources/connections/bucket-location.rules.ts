import type { BucketLocation } from './bucket-location.js';

/** What is wrong with a location; null where it is fine. */
export function faultOfBucket({ endpoint, prefix }: BucketLocation): string | null {
  if (!URL.canParse(endpoint)) return 'the endpoint is no URL';
  const { protocol, username, password, pathname, search, hash } = new URL(endpoint);
  if (protocol !== 'https:' && protocol !== 'http:') return 'the endpoint must begin with https:// or http://';
  if (username !== '' || password !== '')
    return 'the endpoint must not hold credentials; set accessKeyId and the secret';
  if (pathname !== '/' || search !== '' || hash !== '') return 'the endpoint is a host alone, without a path';
  return prefix === '' || prefix.endsWith('/') ? null : 'the prefix must end in a slash';
}
