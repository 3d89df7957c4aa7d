import type { ApolloServerPlugin } from '@apollo/server';
import { type DocumentNode, GraphQLError, parse } from 'graphql';
import { errorTable } from '../errors/error-table.js';
import { exceededLimit, type OperationLimits } from './operation-limits.rules.js';

/** The error of an operation that exceeds a limit (OPERATION_TOO_COMPLEX, answered with 400), or undefined. */
export function limitError(document: DocumentNode, limits: OperationLimits): GraphQLError | undefined {
  const problem = exceededLimit(document, limits);
  if (problem === undefined) return undefined;
  return new GraphQLError(`The operation ${problem}. Split it into several.`, {
    extensions: { code: 'OPERATION_TOO_COMPLEX', http: { status: errorTable.OPERATION_TOO_COMPLEX.status } },
  });
}

/**
 * Refuses oversized operations before they are validated, since validation itself can be made slow. Each new
 * document is measured once. Apollo masks what is thrown before validation, so an oversized document is swapped for
 * an empty one, which validates at once, and the request is refused at the first hook that may answer with an error;
 * Apollo's document store then keeps the empty one under the query's hash, so that repeating it costs nothing.
 */
export function operationLimitsPlugin(limits: OperationLimits): ApolloServerPlugin {
  const refused = new WeakMap<DocumentNode, GraphQLError>();
  return {
    requestDidStart: () =>
      Promise.resolve({
        validationDidStart: (context) => {
          const error = limitError(context.document, limits);
          if (error !== undefined) {
            const empty = parse('{ __typename }');
            refused.set(empty, error);
            Object.assign(context, { document: empty });
          }
          return Promise.resolve();
        },
        didResolveOperation: ({ document }) => {
          const error = refused.get(document);
          return error === undefined ? Promise.resolve() : Promise.reject(error);
        },
      }),
  };
}
