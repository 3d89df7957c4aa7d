import type { ExecutionContext } from '@nestjs/common';
import { type GqlContextType, GqlExecutionContext } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import type { Actor, CallContext } from './actor.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the access guard; null when the request carries no credentials, undefined before it looked. */
    actor?: Actor | null;
  }
}

/** What the GraphQL context holds: the request it came by, over HTTP or the WebSocket's upgrade. */
export interface GraphqlContext {
  readonly request: CallRequest;
}

/** The part of a request that use cases need; the WebSocket's context makes one of its own. */
export interface CallRequest {
  readonly id: string;
  readonly ip: string;
  readonly headers: FastifyRequest['headers'];
  actor?: Actor | null;
}

/** The request behind a GraphQL field or a REST route. */
export function requestOf(context: ExecutionContext): CallRequest {
  return context.getType<GqlContextType>() === 'graphql'
    ? GqlExecutionContext.create(context).getContext<GraphqlContext>().request
    : context.switchToHttp().getRequest<FastifyRequest>();
}

export function callContextOf(context: ExecutionContext): CallContext {
  const request = requestOf(context);
  return { requestId: request.id, address: request.ip, actor: request.actor ?? null };
}
