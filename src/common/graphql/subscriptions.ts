import { GraphQLError, type GraphQLFormattedError, parse } from 'graphql';
import type { ServerOptions } from 'graphql-ws';
import { type FormatError, withoutHints } from './graphql-errors.js';
import { limitError } from './operation-limits.plugin.js';
import type { OperationLimits } from './operation-limits.rules.js';

type Options = Pick<ServerOptions, 'onSubscribe' | 'onNext' | 'onError'>;

/**
 * Gives operations over a WebSocket the limits and the masking that HTTP has: graphql-ws parses and validates on its
 * own, past Apollo's plugins.
 */
export function subscriptionOptions(limits: OperationLimits, maxTokens: number, formatError: FormatError): Options {
  return {
    onSubscribe: (_context, _id, payload) => {
      try {
        const error = limitError(parse(payload.query, { maxTokens }), limits);
        return error === undefined ? undefined : [error];
      } catch (error) {
        return [unreadable(error)];
      }
    },
    onNext: (_context, _id, _payload, _execution, result) => ({
      ...result,
      ...(result.errors && { errors: result.errors.map((error) => formatError(error.toJSON(), error)) }),
    }),
    onError: (_context, _id, _payload, errors) => errors.map((error) => formatEnd(error, formatError)),
  };
}

/** As Apollo says it of a document that comes by HTTP. */
function unreadable(error: unknown): GraphQLError {
  const { message, source, positions } =
    error instanceof GraphQLError ? error : new GraphQLError('The document cannot be read.');
  return new GraphQLError(message, { source, positions, extensions: { code: 'GRAPHQL_PARSE_FAILED' } });
}

/**
 * What ends an operation: its stream threw, or its document was refused before it ran, which graphql-js words for
 * clients, less its hints at the schema.
 */
function formatEnd(error: GraphQLError, formatError: FormatError): GraphQLFormattedError {
  const formatted = error.toJSON();
  if (error.extensions.code !== undefined || isThrown(error)) return formatError(formatted, error);
  return { ...formatted, message: withoutHints(error.message), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } };
}

/** Whether a stream threw it. What a scalar says of a literal is the cause of an error too, but of one with a place. */
function isThrown({ originalError, locations }: GraphQLError): boolean {
  return originalError !== undefined && locations === undefined;
}
