import { Args, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../common/access/access.decorators.js';
import type { ActorContext } from '../../common/access/actor.js';
import { AuditService } from './audit.service.js';
import { AuditEventsArgs } from './dto/audit-event.input.js';
import { criteriaOf } from './dto/audit-event.mapping.js';
import { AuditEventConnection, AuditEventType } from './dto/audit-event.type.js';

@Resolver(() => AuditEventType)
export class AuditResolver {
  constructor(private readonly audit: AuditService) {}

  @RequirePermission('audit:read')
  @Query(() => AuditEventConnection, { description: 'The audit trail of the workspace, newest first.' })
  async auditEvents(
    @Context() context: ActorContext,
    @Args() { first, after, filter }: AuditEventsArgs,
  ): Promise<AuditEventConnection> {
    const request = { first: first ?? undefined, after: after ?? undefined, criteria: criteriaOf(filter ?? {}) };
    const { edges, pageInfo } = await this.audit.list(context, request);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new AuditEventType(node) })), pageInfo };
  }
}
