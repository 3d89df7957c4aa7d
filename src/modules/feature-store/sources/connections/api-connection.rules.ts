import { validateHeaderValue } from 'node:http';
import type { ApiConnection, ApiHeader, ApiPagination } from './api-connection.js';

/** Headers that are the business of the connection. */
const ownHeaders = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A token of RFC 9110. */
const HEADER_NAME = /^[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,100}$/;

/** JSON Pointer (RFC 6901). */
const POINTER = /^(\/([^~/]|~[01])*)*$/u;

/** What is wrong with a connection to an API; null where it is fine. */
export function faultOfApi({ url, headers, records, pagination }: ApiConnection): string | null {
  return (
    faultOfUrl(url) ??
    headers.map(faultOfHeader).find((fault) => fault !== null) ??
    (POINTER.test(records) ? null : 'records is no JSON Pointer, such as /data/items') ??
    (pagination === null ? null : faultOfPagination(pagination))
  );
}

function faultOfUrl(text: string): string | null {
  if (!URL.canParse(text)) return 'the url cannot be read';
  const { protocol, username, password, hash } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return 'the url must begin with https:// or http://';
  if (username !== '' || password !== '')
    return 'the url must not hold credentials; send them by a header from a secret';
  return hash === '' ? null : 'the url must not have a fragment';
}

function faultOfHeader({ name, value, secret }: ApiHeader): string | null {
  if (!HEADER_NAME.test(name)) return `${JSON.stringify(name)} cannot be the name of a header`;
  if (ownHeaders.has(name.toLowerCase())) return `the header ${name} cannot be set`;
  if ((value === null) === (secret === null)) return `the header ${name} needs either a value or a secret`;
  return value === null || isHeaderValue(name, value) ? null : `the value of the header ${name} cannot be sent`;
}

export function isHeaderValue(name: string, value: string): boolean {
  try {
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function faultOfPagination({ style, parameter, pointer, first }: ApiPagination): string | null {
  if (style === 'CURSOR') {
    if (pointer === null || pointer === '' || !POINTER.test(pointer))
      return 'pagination by CURSOR needs a pointer to it';
  } else if (pointer !== null) return `pagination by ${style} has no pointer`;
  if (style === 'PAGE' && parameter === null) return 'pagination by PAGE needs a parameter';
  if (style === 'LINK' && parameter !== null) return 'pagination by LINK has no parameter';
  return style !== 'PAGE' && first !== null ? `pagination by ${style} has no first page` : null;
}
