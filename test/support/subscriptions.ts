import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { GraphqlFailure } from './graphql.js';

/** A client of GraphQL over a WebSocket, which sends its credentials as parameters of the connection. */
export function connect(url: string, connectionParams: Readonly<Record<string, unknown>>): Client {
  return createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
  });
}

/** What an operation over a WebSocket told until it ended by itself. */
export interface Told<Data> {
  readonly data: readonly Data[];
  readonly errors: readonly GraphqlFailure[];
}

/** Runs one operation over a WebSocket of its own until it ends by itself, and returns all that came back. */
export async function listen<Data = Record<string, unknown>>(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  connectionParams: Readonly<Record<string, unknown>> = {},
): Promise<Told<Data>> {
  const client = connect(url, connectionParams);
  const data: Data[] = [];
  const errors: GraphqlFailure[] = [];
  try {
    for await (const answer of client.iterate<Data>({ query, variables })) {
      if (answer.data) data.push(answer.data);
      errors.push(...((answer.errors ?? []) as readonly GraphqlFailure[]));
    }
  } catch (refusal) {
    if (!Array.isArray(refusal)) throw refusal;
    errors.push(...(refusal as GraphqlFailure[]));
  } finally {
    await client.dispose();
  }
  return { data, errors };
}
