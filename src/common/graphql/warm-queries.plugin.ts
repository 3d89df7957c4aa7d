import type { ApolloServerPlugin } from '@apollo/server';
import { Plugin } from '@nestjs/apollo';
import { WarmQueries } from './warm-queries.js';

/** Tells of every operation that has passed all of Apollo's hooks, so that those that come often become warm. */
@Plugin()
export class WarmQueriesPlugin implements ApolloServerPlugin {
  constructor(private readonly queries: WarmQueries) {}

  requestDidStart: ApolloServerPlugin['requestDidStart'] = () =>
    Promise.resolve({
      executionDidStart: ({ schema, document, source, queryHash }) => {
        this.queries.notice({ schema, document, source, hash: queryHash });
        return Promise.resolve();
      },
    });
}
