import type { ApolloServerPlugin, GraphQLRequestListener } from '@apollo/server';
import { Plugin } from '@nestjs/apollo';
import { type GraphQLError, Kind, type OperationDefinitionNode, OperationTypeNode } from 'graphql';
import type { CallContext } from '../../common/access/actor.js';
import type { GraphqlContext } from '../../common/access/call-context.js';
import { type ErrorCode, errorTable } from '../../common/errors/error-table.js';
import { AuditTrail } from './audit-trail.service.js';

/** Refusals that leave an event of their own where they are decided. */
const recordedElsewhere: ReadonlySet<string> = new Set<ErrorCode>([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'INVALID_CREDENTIALS',
  'RATE_LIMITED',
  'AUDIT_UNAVAILABLE',
]);

/**
 * A mutation that fails changes nothing and so has no transaction to leave its event in; it is told of here. Only
 * Apollo sees every way in which one can fail.
 */
@Plugin()
export class FailedMutationsPlugin implements ApolloServerPlugin<GraphqlContext> {
  constructor(private readonly trail: AuditTrail) {}

  requestDidStart(): Promise<GraphQLRequestListener<GraphqlContext>> {
    return Promise.resolve({
      didEncounterErrors: async ({ operation, contextValue, errors }) => {
        if (operation?.operation !== OperationTypeNode.MUTATION) return;
        const { id: requestId, ip: address, actor = null } = contextValue.request;
        const context = { requestId, address, actor };
        await Promise.all(errors.map((error) => this.record(context, fieldOf(operation, error), error)));
      },
    });
  }

  private async record(context: CallContext, field: string, { extensions: { code } }: GraphQLError): Promise<void> {
    if (context.actor === null || !isCode(code) || recordedElsewhere.has(code)) return;
    const event = { action: 'mutation.failed', resourceType: 'mutation', resourceId: field } as const;
    // The client gets the error of the mutation; that the trail cannot be written is the trail's to report.
    await this.trail.record(context, { ...event, outcome: 'FAILURE', errorCode: code }).catch(() => undefined);
  }
}

/** The mutation that an error is of: its path begins with the field's alias. */
function fieldOf({ selectionSet }: OperationDefinitionNode, { path }: GraphQLError): string {
  const key = String(path?.[0] ?? '');
  const fields = selectionSet.selections.flatMap((node) => (node.kind === Kind.FIELD ? node : []));
  return fields.find(({ alias, name }) => (alias ?? name).value === key)?.name.value ?? key;
}

const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errorTable, code);
