import type { ExecutionContext } from '@nestjs/common';
import { type GqlContextType, GqlExecutionContext } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import type { GraphQLResolveInfo } from 'graphql';

/** What a call is aimed at, as audit events name it. */
export interface CallTarget {
  readonly resourceType: 'field' | 'route';
  /** `Query.users` or `PUT /api/artifacts`; never with the parameters of the call. */
  readonly resourceId: string;
}

export function callTargetOf(context: ExecutionContext): CallTarget {
  if (context.getType<GqlContextType>() === 'graphql') {
    const { parentType, fieldName } = GqlExecutionContext.create(context).getInfo<GraphQLResolveInfo>();
    return { resourceType: 'field', resourceId: `${parentType.name}.${fieldName}` };
  }
  const { method, routeOptions } = context.switchToHttp().getRequest<FastifyRequest>();
  return { resourceType: 'route', resourceId: `${method} ${routeOptions.url ?? '*'}` };
}
