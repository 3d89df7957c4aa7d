import { GraphQLError, type GraphQLFormattedError, parse } from 'graphql';
import type { ServerOptions } from 'graphql-ws';
import { withoutHints } from './graphql-errors.js';
import { limitError } from './operation-limits.plugin.js';
import type { OperationLimits } from './operation-limits.rules.js';

type Options = Pick<ServerOptions, 'onSubscribe' | 'onNext' | 'onError'>;

/**
 * Gives operations over a WebSocket the limits and the masking that HTTP has: graphql-ws parses and validates on its
 * own, past Apollo's plugins.
 */
export function subscriptionOptions(
  limits: OperationLimits,
  maxTokens: number,
  formatError: (formatted: GraphQLFormattedError, thrown: unknown) => GraphQLFormattedError,
): Options {
  return {
    onSubscribe: (_context, _id, payload) => {
      try {
        const error = limitError(parse(payload.query, { maxTokens }), limits);
        return error === undefined ? undefined : [error];
      } catch (error) {
        return [error instanceof GraphQLError ? error : new GraphQLError('The document cannot be read.')];
      }
    },
    onNext: (_context, _id, _payload, _execution, result) => ({
      ...result,
      ...(result.errors && { errors: result.errors.map((error) => formatError(error.toJSON(), error)) }),
    }),
    onError: (_context, _id, _payload, errors) => errors.map((error) => formatRefusal(error, formatError)),
  };
}

/** A document that was refused before it ran; graphql-js words those for clients, less its hints at the schema. */
function formatRefusal(
  error: GraphQLError | GraphQLFormattedError,
  formatError: (formatted: GraphQLFormattedError, thrown: unknown) => GraphQLFormattedError,
): GraphQLFormattedError {
  const formatted = error instanceof GraphQLError ? error.toJSON() : error;
  if (
    formatted.extensions?.code !== undefined ||
    (error instanceof GraphQLError && error.originalError !== undefined)
  ) {
    return formatError(formatted, error);
  }
  return { ...formatted, message: withoutHints(formatted.message), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } };
}
