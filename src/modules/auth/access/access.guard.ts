import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ACCESS_RULE, type AccessRule } from '../../../common/access/access.decorators.js';
import { requestOf } from '../../../common/access/call-context.js';
import { callTargetOf } from './call-target.js';
import { Gatekeeper } from './gatekeeper.js';

/** Has the gatekeeper decide on every GraphQL field and REST route, by the rule that its decorator states. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly gatekeeper: Gatekeeper,
  ) {}

  /** @throws {CodedError} UNAUTHENTICATED, FORBIDDEN */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, [
      context.getHandler(),
      context.getClass(),
    ]);
    return this.gatekeeper.admit({ rule, request: requestOf(context), target: () => callTargetOf(context) });
  }
}
