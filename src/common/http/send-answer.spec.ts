import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import type { PostAnswer } from './front-door.js';
import { sendAnswer } from './send-answer.js';

/** Sends an answer after a hook that may say what answers vary by. */
async function send(answer: PostAnswer, vary?: string) {
  const app = fastify();
  app.addHook('onRequest', (_request, reply, done) => {
    if (vary !== undefined) void reply.header('vary', vary);
    done();
  });
  app.get('/', (_request, reply) => sendAnswer(reply, answer));
  const { statusCode, headers, body } = await app.inject('/');
  await app.close();
  return { statusCode, headers, body };
}

describe('sendAnswer', () => {
  it('sends status, headers and body, JSON unless another type is said', async () => {
    expect(await send({ status: 418, headers: { 'x-own': '1' }, body: '{}' })).toMatchObject({
      statusCode: 418,
      headers: { 'x-own': '1', 'content-type': 'application/json; charset=utf-8' },
      body: '{}',
    });
    const bytes = await send({ status: 200, type: 'application/octet-stream', body: new Uint8Array([97]) });
    expect([bytes.headers['content-type'], bytes.body]).toEqual(['application/octet-stream', 'a']);
  });

  it('adds to what answers vary by, and takes nothing away', async () => {
    const answer = { status: 200, headers: { vary: 'accept-encoding' }, body: '' };
    expect((await send(answer)).headers.vary).toBe('accept-encoding');
    expect((await send(answer, 'Origin')).headers.vary).toBe('Origin, accept-encoding');
    expect((await send({ status: 200, body: '' }, 'Origin')).headers.vary).toBe('Origin');
  });
});
