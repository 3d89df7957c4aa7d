import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { type ErrorCode, errorTable } from '../errors/error-table.js';
import { type PublicError, toPublicError } from '../errors/public-error.js';

type Report = (errorId: string, thrown: unknown) => void;

/** The GraphQL form of an error: its code, and what goes with it, under `extensions`. */
export function toGraphqlError(thrown: unknown, report: Report): GraphQLError {
  if (thrown instanceof GraphQLError && isKnown(thrown.extensions.code)) return thrown;
  const error = toPublicError(thrown, report);
  return new GraphQLError(error.message, { extensions: extensionsOf(error) });
}

function extensionsOf(error: PublicError): Record<string, unknown> {
  return {
    code: error.code,
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    ...(error.details !== undefined && { details: error.details }),
    ...(error.errorId !== undefined && { errorId: error.errorId }),
  };
}

const isKnown = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errorTable, code);

/** {@link errorFormatter} that logs what is masked. */
export function loggingErrorFormatter(logger: Logger): ReturnType<typeof errorFormatter> {
  return errorFormatter((errorId, thrown) => logger.error({ err: thrown, errorId }, 'unexpected error'));
}

/**
 * The last gate in front of a client: an error with a code of the table passes with nothing but its known parts, all
 * else is masked.
 */
export function errorFormatter(
  report: Report,
): (formatted: GraphQLFormattedError, thrown: unknown) => GraphQLFormattedError {
  return (formatted, thrown) => {
    const place = {
      ...(formatted.locations !== undefined && { locations: formatted.locations }),
      ...(formatted.path !== undefined && { path: formatted.path }),
    };
    const { code } = formatted.extensions ?? {};
    if (isKnown(code) && code !== 'INTERNAL_SERVER_ERROR') {
      const { stacktrace: _, http: __, ...extensions } = formatted.extensions ?? {};
      return { message: formatted.message, ...place, extensions };
    }
    const cause = unwrapResolverError(thrown);
    // The filter has made this one, with the id under which it is in the log.
    if (formatted.extensions?.errorId !== undefined) {
      return { message: formatted.message, ...place, extensions: { code, errorId: formatted.extensions.errorId } };
    }
    const error = toPublicError(cause, report);
    return { message: error.message, ...place, extensions: extensionsOf(error) };
  };
}
