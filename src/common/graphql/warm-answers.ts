import type { IncomingHttpHeaders } from 'node:http';
import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import type { GraphqlContext } from '../access/call-context.js';
import type { JsonPostHandler, JsonPostRoute } from '../http/front-door.js';
import { isJsonObject, type JsonObject } from '../json/json-object.js';
import type { FormatError } from './graphql-errors.js';
import type { WarmQueries, WarmQuery, WarmResult } from './warm-queries.js';

/**
 * Answers warm queries in front of Apollo, whose pipeline of hooks costs more than most queries. Whatever is not a
 * plain POST of a warm query goes its usual way: errors before execution, other methods, other media types, mutations.
 */
export function warmAnswers(path: string, queries: WarmQueries, formatError: FormatError): JsonPostRoute {
  const answer: JsonPostHandler['answer'] = async (request, json) => {
    const found = find(queries, request.headers, json);
    const context: GraphqlContext = { request };
    const result = await found?.query(found.variables, context);
    return result && { status: 200, body: textOf(result, formatError) };
  };
  const handler = { answer };
  return (url) => (url === path ? handler : undefined);
}

interface Found {
  readonly query: WarmQuery;
  readonly variables: JsonObject | undefined;
}

function find(queries: WarmQueries, headers: IncomingHttpHeaders, body: unknown): Found | undefined {
  if (!isJsonObject(body) || !takesJson(headers.accept)) return undefined;
  const { query, variables, operationName, extensions } = body;
  if (variables !== undefined && variables !== null && !isJsonObject(variables)) return undefined;
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') return undefined;
  const hash = hashOf(extensions);
  // A text with its hash is to be checked and kept: Apollo's part.
  if ((typeof query === 'string') === (hash !== undefined)) return undefined;
  const source = typeof query === 'string' ? query : undefined;
  const warm = queries.find({ source, hash, operationName: operationName ?? undefined });
  return warm && { query: warm, variables: variables ?? undefined };
}

/** The hash of an automatic persisted query. */
function hashOf(extensions: unknown): string | undefined {
  const persisted = isJsonObject(extensions) ? extensions.persistedQuery : undefined;
  if (!isJsonObject(persisted) || persisted.version !== 1) return undefined;
  return typeof persisted.sha256Hash === 'string' ? persisted.sha256Hash : undefined;
}

/** Whether plain JSON is what a client would be answered with; Apollo knows about the other types. */
function takesJson(accept: string | undefined): boolean {
  return accept === undefined || accept === '*/*' || accept === 'application/json';
}

function textOf({ data, errors }: WarmResult, formatError: FormatError): string {
  if (errors === undefined) return `${JSON.stringify({ data })}\n`;
  return `${JSON.stringify({ errors: errors.map((error) => formatted(error, formatError)), data })}\n`;
}

function formatted(error: GraphQLError, formatError: FormatError): GraphQLFormattedError {
  const { message, locations, path, extensions } = error;
  return formatError({ message, ...(locations && { locations }), ...(path && { path }), extensions }, error);
}
