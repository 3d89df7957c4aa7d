import { ask, type GraphqlAnswer, type Headers, send } from './graphql.js';

type Variables = Readonly<Record<string, unknown>>;

/** What a client does with a running Nestor. */
export interface NestorClient {
  readonly url: string;
  /** Headers of the first administrator's API key. */
  readonly key: Headers;
  /** Sends one operation, as the administrator unless headers are given. */
  send<Data>(query: string, variables?: Variables, headers?: Headers): Promise<GraphqlAnswer<Data>>;
  /** As `send`, for one that must succeed. */
  ask<Data>(query: string, variables?: Variables, headers?: Headers): Promise<Data>;
  /** Uploads a file and returns its digest. */
  upload(bytes: Uint8Array): Promise<string>;
  /** Uploads a model and makes a version of it, with the registered model where there is none of this name. */
  addModel(name: string, bytes: Uint8Array): Promise<number>;
}

const CREATE_MODEL = 'mutation ($name: String!) { createRegisteredModel(input: { name: $name }) { name } }';
const CREATE_VERSION = `mutation ($model: String!, $artifact: String!) {
  createModelVersion(input: { model: $model, artifact: $artifact }) { version }
}`;

export function nestorClient(url: string, key: Headers): NestorClient {
  const upload = async (bytes: Uint8Array): Promise<string> => {
    const headers = { 'content-type': 'application/octet-stream', ...key };
    const response = await fetch(`${url}/api/artifacts`, { method: 'PUT', headers, body: bytes });
    const answer = (await response.json()) as { digest?: string };
    if (answer.digest === undefined) throw new Error(`The upload failed with ${response.status}.`);
    return answer.digest;
  };
  const known = new Set<string>();
  return {
    url,
    key,
    send: (query, variables = {}, headers = key) => send(url, query, variables, headers),
    ask: (query, variables = {}, headers = key) => ask(url, query, variables, headers),
    upload,
    addModel: async (name, bytes) => {
      const artifact = await upload(bytes);
      if (!known.has(name)) await ask(url, CREATE_MODEL, { name }, key);
      known.add(name);
      const variables = { model: name, artifact };
      const made = await ask<{ createModelVersion: { version: number } }>(url, CREATE_VERSION, variables, key);
      return made.createModelVersion.version;
    },
  };
}
