import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import type { GraphqlAnswer } from './graphql.js';
import { identityModel } from './onnx/models.js';
import { startTestRegistry, type TestActor, type TestRegistry } from './registry.js';

export const CREATE_MODEL = `mutation ($input: CreateRegisteredModelInput!) {
  createRegisteredModel(input: $input) { id name description tags { key value } createdBy createdAt updatedAt }
}`;
export const CREATE_VERSION = `mutation ($input: CreateModelVersionInput!) {
  createModelVersion(input: $input) {
    id model version digest sizeBytes stage aliases description tags { key value } metadata batchable createdBy
    signature { inputs { name datatype shape } outputs { name datatype shape } }
    onnx { irVersion operatorSets { domain version } producerName producerVersion nodeCount parameterCount }
  }
}`;
export const SET_ALIAS = `mutation ($input: SetModelAliasInput!) { setModelAlias(input: $input) { version aliases } }`;
export const DELETE_ALIAS = `mutation ($input: DeleteModelAliasInput!) { deleteModelAlias(input: $input) }`;
export const TRANSITION = `mutation ($input: TransitionModelVersionInput!) {
  transitionModelVersion(input: $input) { version stage }
}`;
export const MODEL = `query ($name: String!) {
  registeredModel(name: $name) {
    name versions { version stage aliases model } latestVersions { version stage } aliases { alias version }
  }
}`;
export const VERSION = `query ($model: String!, $version: Int!) {
  modelVersion(model: $model, version: $version) { model version stage digest }
}`;
export const LIST = `query ($first: Int, $after: String, $filter: RegisteredModelFilter, $orderBy: RegisteredModelOrder) {
  registeredModels(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    edges { cursor node { name } } pageInfo { hasNextPage endCursor }
  }
}`;

export type Answer = GraphqlAnswer<Record<string, unknown>>;
type Input = Readonly<Record<string, unknown>>;

/** A registry, an engineer in a workspace of its own for each test, and what is asked again and again. */
export interface RegistryFixture {
  /** There once tests run. */
  readonly registry: TestRegistry;
  readonly engineer: TestActor;
  /** Of a model file that the engineer has uploaded. */
  readonly digest: string;
  readonly uploaded: (bytes: Uint8Array) => Promise<string>;
  /** Sends an operation, as the engineer unless somebody else is named. */
  readonly run: (query: string, variables: Input, actor?: TestActor) => Promise<Answer>;
  readonly mutate: (query: string, input: Input, actor?: TestActor) => Promise<Answer>;
  readonly createModel: (name: string, more?: Input) => Promise<Record<string, unknown>>;
  readonly createVersion: (model: string, more?: Input) => Promise<Record<string, unknown>>;
  /** Makes a model with so many versions. */
  readonly modelWith: (name: string, versions: number) => Promise<void>;
  /** What the workspace's audit trail tells, but for uploads. */
  readonly audited: () => Promise<string[]>;
}

export const codeOf = ({ errors }: Answer) => errors[0]?.extensions.code;

export async function expectDone(answer: Promise<Answer>): Promise<Record<string, unknown>> {
  const { data, errors } = await answer;
  expect(errors).toEqual([]);
  return data ?? {};
}

/** Starts and ends a registry around the tests of the file. */
export function registryFixture(): RegistryFixture {
  let registry: TestRegistry;
  let engineer: TestActor;
  let digest: string;

  beforeAll(async () => {
    registry = await startTestRegistry();
  });
  afterAll(async () => {
    await registry.close();
  });
  beforeEach(async () => {
    engineer = { workspaceId: randomUUID(), role: 'ENGINEER' };
    digest = await uploaded(identityModel('FP32'));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  async function uploaded(bytes: Uint8Array): Promise<string> {
    const response = await registry.upload(engineer, bytes);
    return ((await response.json()) as { digest: string }).digest;
  }

  const run = (query: string, variables: Input, actor = engineer): Promise<Answer> =>
    registry.ask(actor, query, variables);
  const mutate = (query: string, input: Input, actor = engineer) => run(query, { input }, actor);
  const createModel = (name: string, more: Input = {}) => expectDone(mutate(CREATE_MODEL, { name, ...more }));
  const createVersion = (model: string, more: Input = {}) =>
    expectDone(mutate(CREATE_VERSION, { model, artifact: digest, ...more }));

  async function modelWith(name: string, versions: number): Promise<void> {
    await createModel(name);
    for (let version = 1; version <= versions; version += 1) await createVersion(name);
  }

  async function audited(): Promise<string[]> {
    const rows = await registry.dataSource.query<{ line: string }[]>(
      `SELECT action || ' ' || resource_type || ' ' || resource_id AS line FROM audit_events
       WHERE workspace_id = $1 AND action <> 'artifact.upload' ORDER BY id`,
      [engineer.workspaceId],
    );
    return rows.map(({ line }) => line);
  }

  return {
    get registry() {
      return registry;
    },
    get engineer() {
      return engineer;
    },
    get digest() {
      return digest;
    },
    uploaded,
    run,
    mutate,
    createModel,
    createVersion,
    modelWith,
    audited,
  };
}
