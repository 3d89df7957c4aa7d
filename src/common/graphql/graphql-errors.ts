import { GraphQLError, type GraphQLFormattedError, Kind } from 'graphql';
import type { Logger } from 'pino';
import { type ErrorCode, errorTable } from '../errors/error-table.js';
import { type PublicError, type Report, reportTo, toPublicError } from '../errors/public-error.js';

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

/** What a client sees of an error of graphql-js, whose form without the masking is the first argument. */
export type FormatError = (formatted: GraphQLFormattedError, thrown: unknown) => GraphQLFormattedError;

/** {@link errorFormatter} that logs what is masked. */
export function loggingErrorFormatter(logger: Logger): FormatError {
  return errorFormatter(reportTo(logger));
}

/** What graphql-js says of a document or a variable, less its guesses, which tell of a schema that may be hidden. */
export function withoutHints(message: string): string {
  return message.replace(/ Did you mean [^?]*\?/g, '');
}

/** A refusal of Apollo's own that has a status of HTTP and no code, such as that of a persisted query's wrong hash. */
function isApolloRefusal(thrown: unknown): boolean {
  const http = thrown instanceof GraphQLError ? thrown.extensions.http : undefined;
  return typeof http === 'object' && http !== null && 'status' in http && http.status === 400;
}

/**
 * A variable that does not fit its type. Apollo gives those of HTTP their code, but for the one that says that there are
 * too many; over a WebSocket none has it.
 */
function isUnfitVariable(thrown: unknown): boolean {
  if (!(thrown instanceof GraphQLError) || thrown.path !== undefined) return false;
  const [node] = thrown.nodes ?? [];
  return node?.kind === Kind.VARIABLE_DEFINITION || thrown.message.startsWith('Too many errors processing variables');
}

/** What a resolver threw, or the stream of a subscription, whose errors have no path. */
function causeOf(thrown: unknown): unknown {
  return thrown instanceof GraphQLError ? (thrown.originalError ?? thrown) : thrown;
}

/**
 * The last gate in front of a client: an error with a code of the table passes with nothing but its known parts, all
 * else is masked.
 */
export function errorFormatter(report: Report): FormatError {
  return (formatted, thrown) => {
    const place = {
      ...(formatted.locations !== undefined && { locations: formatted.locations }),
      ...(formatted.path !== undefined && { path: formatted.path }),
    };
    const { code } = formatted.extensions ?? {};
    if (isKnown(code) && code !== 'INTERNAL_SERVER_ERROR') {
      const { stacktrace: _, http: __, ...extensions } = formatted.extensions ?? {};
      return { message: withoutHints(formatted.message), ...place, extensions };
    }
    if (isApolloRefusal(thrown)) {
      return { message: formatted.message, ...place, extensions: { code: 'BAD_REQUEST' } };
    }
    if (isUnfitVariable(thrown)) {
      return { message: withoutHints(formatted.message), ...place, extensions: { code: 'BAD_USER_INPUT' } };
    }
    // The filter has made this one, with the id under which it is in the log.
    if (formatted.extensions?.errorId !== undefined) {
      return { message: formatted.message, ...place, extensions: { code, errorId: formatted.extensions.errorId } };
    }
    const error = toPublicError(causeOf(thrown), report);
    return { message: error.message, ...place, extensions: extensionsOf(error) };
  };
}
