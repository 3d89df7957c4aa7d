/** What a GraphQL endpoint answered. */
export interface GraphqlAnswer<Data> {
  readonly status: number;
  readonly data: Data | null;
  readonly errors: readonly GraphqlFailure[];
}

export interface GraphqlFailure {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly retryAfterMs?: number; readonly errorId?: string };
}

export type Headers = Readonly<Record<string, string>>;

/** Sends one operation as any client would, and returns what came back, errors included. */
export async function send<Data = Record<string, unknown>>(
  url: string,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  headers: Headers = {},
): Promise<GraphqlAnswer<Data>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  const body = JSON.parse(text) as { data?: Data | null; errors?: GraphqlFailure[] };
  return { status: response.status, data: body.data ?? null, errors: body.errors ?? [] };
}

/** Sends one operation that must succeed. @throws with the errors when it does not. */
export async function ask<Data = Record<string, never>>(
  url: string,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  headers: Headers = {},
): Promise<Data> {
  const answer = await send<Data>(url, query, variables, headers);
  if (answer.data === null || answer.errors.length > 0) {
    throw new Error(`The operation failed with ${answer.status}: ${JSON.stringify(answer.errors)}`);
  }
  return answer.data;
}

/** The code of the first error, or undefined when there was none. */
export async function codeOf(
  url: string,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  headers: Headers = {},
): Promise<string | undefined> {
  return (await send(url, query, variables, headers)).errors[0]?.extensions.code;
}
