import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { CodedError } from '../errors/coded-error.js';
import type { ActorContext, CallContext } from './actor.js';
import { callContextOf } from './call-context.js';
import type { Permission } from './permissions.js';

/** The access decision of a field or route. Without one the guard refuses: deny by default. */
export type AccessRule =
  | { readonly kind: 'PUBLIC' }
  | { readonly kind: 'AUTHENTICATED' }
  | { readonly kind: 'PERMISSION'; readonly permission: Permission };

export const ACCESS_RULE = 'nestor:access-rule';

/** Anyone may call this, without credentials. */
export const Public = () => SetMetadata(ACCESS_RULE, { kind: 'PUBLIC' } satisfies AccessRule);

/** Any valid credentials will do. */
export const Authenticated = () => SetMetadata(ACCESS_RULE, { kind: 'AUTHENTICATED' } satisfies AccessRule);

/** The credentials must carry this permission. */
export const RequirePermission = (permission: Permission) =>
  SetMetadata(ACCESS_RULE, { kind: 'PERMISSION', permission } satisfies AccessRule);

/** Parameter: the call's context, actor included. Only on fields and routes that require credentials. */
export const Context = createParamDecorator((_: unknown, context: ExecutionContext): ActorContext => {
  const call = callContextOf(context);
  if (call.actor === null) throw new CodedError('UNAUTHENTICATED', 'This needs credentials.');
  return { ...call, actor: call.actor };
});

/** Parameter: the call's context on public fields, where the actor may be null. */
export const PublicContext = createParamDecorator((_: unknown, context: ExecutionContext): CallContext =>
  callContextOf(context),
);
