import { randomBytes } from 'node:crypto';
import { gunzipSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressed } from './compressed-answers.js';

const MIN_BYTES = 1_000;
const text = 'tensors '.repeat(1_000);
const zeros = new Uint8Array(10_000);
const compress = async (body: string | Uint8Array, accepted?: string) =>
  compressed({ status: 200, type: 'a/b', headers: { 'x-own': '1' }, body }, accepted, MIN_BYTES);

describe('compressed', () => {
  it.each([
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
  ])('writes %s, and keeps all else of the answer', async (encoding, unpack) => {
    for (const body of [text, zeros]) {
      const answer = await compress(body, encoding);
      expect(answer).toMatchObject({
        status: 200,
        type: 'a/b',
        headers: { 'x-own': '1', 'content-encoding': encoding, vary: 'accept-encoding' },
      });
      expect(answer.body.length).toBeLessThan(body.length / 10);
      expect(unpack(answer.body)).toEqual(Buffer.from(body));
    }
  });

  it.each([
    ['gzip, deflate, br, zstd', 'gzip'],
    ['deflate, gzip', 'deflate'],
    ['gzip;q=0.5, deflate;q=0.8', 'deflate'],
    ['GZIP', 'gzip'],
    ['*', 'gzip'],
    ['gzip;q=0, *', 'deflate'],
    ['br', undefined],
    ['identity', undefined],
    ['gzip;q=0.5, identity', undefined],
    ['gzip;q=0', undefined],
    ['constructor', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('gives whom accepts %j the best it can: %s', async (accepted, encoding) => {
    const { headers, body } = await compress(text, accepted);
    expect(headers).toMatchObject({ vary: 'accept-encoding' });
    expect(headers?.['content-encoding']).toBe(encoding);
    if (encoding === undefined) expect(body).toBe(text);
  });

  it('lets small answers pass at once', () => {
    const answer = { status: 200, body: 'x'.repeat(MIN_BYTES - 1) };
    expect(compressed(answer, 'gzip', MIN_BYTES)).toBe(answer);
  });

  it('leaves bytes as they are that hardly shrink, whatever the JSON before them', async () => {
    const noise = Buffer.concat([Buffer.alloc(2_000, ' '), randomBytes(100_000)]);
    const { headers, body } = await compress(noise, 'gzip');
    expect(headers).toEqual({ 'x-own': '1', vary: 'accept-encoding' });
    expect(body).toBe(noise);
  });
});
