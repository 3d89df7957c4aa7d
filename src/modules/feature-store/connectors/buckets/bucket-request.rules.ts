import aws4 from 'aws4';
import type { BucketLocation } from '../../sources/connections/bucket-location.js';

/** What a request is signed with; null where it is not. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

/** A request by GET. */
export interface BucketRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** Asks for a page of the keys that begin with the prefix and have no further slash. @param token of the page; null: the first. */
export function listRequest(bucket: BucketLocation, token: string | null, key: AccessKey | null): BucketRequest {
  const query = {
    ...(token !== null && { 'continuation-token': token }),
    delimiter: '/',
    'encoding-type': 'url',
    'list-type': '2',
    prefix: bucket.prefix,
  };
  const search = Object.entries(query).map(([name, value]) => `${name}=${encoded(value)}`);
  return signed(bucket, `/${encoded(bucket.name)}?${search.join('&')}`, {}, key);
}

/** Asks for an object as it was listed. */
export function objectRequest(
  bucket: BucketLocation,
  objectKey: string,
  etag: string,
  key: AccessKey | null,
): BucketRequest {
  const path = [bucket.name, ...objectKey.split('/')].map(encoded).join('/');
  return signed(bucket, `/${path}`, { 'if-match': etag }, key);
}

function signed(
  { endpoint, region }: BucketLocation,
  path: string,
  headers: Readonly<Record<string, string>>,
  key: AccessKey | null,
): BucketRequest {
  const url = new URL(path, endpoint);
  if (key === null) return { url, headers };
  const request = { method: 'GET', service: 's3', region, host: url.host, path, headers: { ...headers } };
  const { headers: all = {} } = aws4.sign(request, { accessKeyId: key.id, secretAccessKey: key.secret });
  return { url, headers: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, String(value)])) };
}

/** RFC 3986: what `encodeURIComponent` leaves besides must be encoded, too, as the signature counts on it. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
