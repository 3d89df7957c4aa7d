import type { FastifyReply } from 'fastify';
import type { PostAnswer } from './front-door.js';

/** Sends by the framework what the front door would send itself. What a hook said that answers vary by stays said. */
export function sendAnswer(
  reply: FastifyReply,
  { status, type = 'application/json', headers, body }: PostAnswer,
): void {
  const { vary, ...others } = headers ?? {};
  void reply.code(status).type(type).headers(others);
  if (vary !== undefined) void reply.header('vary', [reply.getHeader('vary') ?? [], vary].flat().join(', '));
  void reply.send(body);
}
