import { describe, expect, it } from 'vitest';
import { isWildcard, parseEndpoint } from './endpoint.js';

describe('parseEndpoint', () => {
  it.each([
    ['10.0.0.1:0', { host: '10.0.0.1', firstPort: 0, lastPort: 0 }],
    ['gpu-1.example.org:7100-7199', { host: 'gpu-1.example.org', firstPort: 7100, lastPort: 7199 }],
    ['[::]:80', { host: '::', firstPort: 80, lastPort: 80 }],
  ])('reads %s', (text, expected) => {
    expect(parseEndpoint(text)).toEqual(expected);
  });

  it.each(['', ':80', 'host', 'host:', 'host:80-', 'host:90-80', 'host:65536', 'a b:80', '::1:80', 'http://host:80'])(
    'refuses %j',
    (text) => {
      expect(parseEndpoint(text)).toBeUndefined();
    },
  );
});

describe('isWildcard', () => {
  it('knows the addresses that stand for all', () => {
    expect(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'].map(isWildcard)).toEqual([true, true, true]);
    expect(['127.0.0.1', '::1', 'gpu-1'].map(isWildcard)).toEqual([false, false, false]);
  });
});
