import { randomUUID } from 'node:crypto';
import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { RegistrySnapshot } from '../../src/modules/registry/snapshot/registry-snapshot.js';
import type { GraphqlAnswer } from '../support/graphql.js';
import { identityModel, simpleModel } from '../support/onnx/models.js';
import { startTestRegistry, type TestActor, type TestRegistry } from '../support/registry.js';

let registry: TestRegistry;
let engineer: TestActor;
let digest: string;

const modelFile = identityModel('FP32');

beforeAll(async () => {
  registry = await startTestRegistry();
});

afterAll(async () => {
  await registry.close();
});

beforeEach(async () => {
  engineer = { workspaceId: randomUUID(), role: 'ENGINEER' };
  digest = await uploaded(engineer, modelFile);
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function uploaded(actor: TestActor, bytes: Uint8Array): Promise<string> {
  const response = await registry.upload(actor, bytes);
  return ((await response.json()) as { digest: string }).digest;
}

const CREATE_MODEL = `mutation ($input: CreateRegisteredModelInput!) {
  createRegisteredModel(input: $input) { id name description tags { key value } createdBy createdAt updatedAt }
}`;
const CREATE_VERSION = `mutation ($input: CreateModelVersionInput!) {
  createModelVersion(input: $input) {
    id model version digest sizeBytes stage aliases description tags { key value } metadata batchable createdBy
    signature { inputs { name datatype shape } outputs { name datatype shape } }
    onnx { irVersion operatorSets { domain version } producerName producerVersion nodeCount parameterCount }
  }
}`;
const SET_ALIAS = `mutation ($input: SetModelAliasInput!) { setModelAlias(input: $input) { version aliases } }`;
const DELETE_ALIAS = `mutation ($input: DeleteModelAliasInput!) { deleteModelAlias(input: $input) }`;
const TRANSITION = `mutation ($input: TransitionModelVersionInput!) {
  transitionModelVersion(input: $input) { version stage }
}`;
const MODEL = `query ($name: String!) {
  registeredModel(name: $name) {
    name versions { version stage aliases model } latestVersions { version stage } aliases { alias version }
  }
}`;
const VERSION = `query ($model: String!, $version: Int!) {
  modelVersion(model: $model, version: $version) { model version stage digest }
}`;
const LIST = `query ($first: Int, $after: String, $filter: RegisteredModelFilter, $orderBy: RegisteredModelOrder) {
  registeredModels(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    edges { cursor node { name } } pageInfo { hasNextPage endCursor }
  }
}`;

type Answer = GraphqlAnswer<Record<string, unknown>>;
const run = (query: string, variables: Record<string, unknown>, actor = engineer): Promise<Answer> =>
  registry.ask(actor, query, variables);
const mutate = (query: string, input: Record<string, unknown>, actor = engineer) => run(query, { input }, actor);
const codeOf = ({ errors }: Answer) => errors[0]?.extensions.code;

async function expectDone(answer: Promise<Answer>): Promise<Record<string, unknown>> {
  const { data, errors } = await answer;
  expect(errors).toEqual([]);
  return data ?? {};
}

const createModel = (name: string, more: Record<string, unknown> = {}) =>
  expectDone(mutate(CREATE_MODEL, { name, ...more }));
const createVersion = (model: string, more: Record<string, unknown> = {}) =>
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

describe('registered models', () => {
  it('are created with what was given', async () => {
    const tags = [
      { key: 'team', value: 'vision' },
      { key: 'a', value: '' },
    ];
    const { createRegisteredModel: model } = await createModel('plants', { description: 'Which plant it is.', tags });
    expect(model).toMatchObject({ name: 'plants', description: 'Which plant it is.', createdBy: 'tester' });
    expect(model).toMatchObject({ tags: [tags[1], tags[0]] });
    expect(await audited()).toEqual(['model.create registered-model plants']);
  });

  it('have a name of their own in each workspace, also under a race', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => mutate(CREATE_MODEL, { name: 'one' })));
    expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(1);
    expect(new Set(answers.map(codeOf))).toEqual(new Set([undefined, 'ALREADY_EXISTS']));
    await expectDone(mutate(CREATE_MODEL, { name: 'one' }, { ...engineer, workspaceId: randomUUID() }));
  });

  it.each([
    ['a bad name', { name: '../secret' }],
    [
      'a tag twice',
      {
        name: 'x',
        tags: [
          { key: 'a', value: '1' },
          { key: 'a', value: '2' },
        ],
      },
    ],
    ['a tag with U+0000', { name: 'x', tags: [{ key: 'a\0', value: '1' }] }],
    ['a description with U+0000', { name: 'x', description: '\0' }],
    ['an endless description', { name: 'x', description: 'x'.repeat(10_001) }],
  ])('are refused with %s', async (_, input) => {
    expect(codeOf(await mutate(CREATE_MODEL, input))).toBe('INVALID_INPUT');
    expect(await audited()).toEqual([]);
  });

  it('need permission to be created or promoted', async () => {
    const viewer: TestActor = { ...engineer, role: 'VIEWER' };
    expect(codeOf(await mutate(CREATE_MODEL, { name: 'x' }, viewer))).toBe('FORBIDDEN');
    expect(codeOf(await mutate(CREATE_VERSION, { model: 'x', artifact: digest }, viewer))).toBe('FORBIDDEN');
    expect(codeOf(await mutate(SET_ALIAS, { model: 'x', version: 1, alias: 'a' }, viewer))).toBe('FORBIDDEN');
  });

  it('are null where there are none', async () => {
    for (const name of ['absent', '', 'a\0b', 'x'.repeat(1_000)]) {
      expect(await expectDone(run(MODEL, { name }))).toEqual({ registeredModel: null });
    }
    expect(await expectDone(run(VERSION, { model: 'absent', version: 1 }))).toEqual({ modelVersion: null });
  });
});

async function namesOf(variables: Record<string, unknown>, pageSize: number): Promise<string[]> {
  const names: string[] = [];
  let after: string | null = null;
  do {
    const { registeredModels } = (await expectDone(run(LIST, { ...variables, first: pageSize, after }))) as {
      registeredModels: {
        edges: { node: { name: string } }[];
        pageInfo: { hasNextPage: boolean; endCursor: string | null };
      };
    };
    expect(registeredModels.edges.length).toBeLessThanOrEqual(pageSize);
    names.push(...registeredModels.edges.map(({ node }) => node.name));
    after = registeredModels.pageInfo.hasNextPage ? registeredModels.pageInfo.endCursor : null;
  } while (after !== null);
  return names;
}

const cursor = (...keys: unknown[]) => Buffer.from(JSON.stringify(keys)).toString('base64url');

describe('lists of registered models', () => {
  it('lose and repeat nothing across pages, in every order, where all times are equal', async () => {
    const names = ['Zebra', 'ant', 'bee', 'cat', 'dog', 'eel', 'fox'];
    for (const name of names.toReversed()) await createModel(name);
    await registry.dataSource.query(
      'UPDATE registered_models SET created_at = now(), updated_at = now() WHERE workspace_id = $1',
      [engineer.workspaceId],
    );
    expect(await namesOf({}, 3)).toEqual(names);
    expect(await namesOf({ orderBy: { direction: 'DESC' } }, 2)).toEqual(names.toReversed());
    for (const field of ['CREATED_AT', 'UPDATED_AT']) {
      for (const direction of ['ASC', 'DESC']) {
        const listed = await namesOf({ orderBy: { field, direction } }, 2);
        expect(listed.toSorted()).toEqual(names);
      }
    }
  });

  it('are ordered by time', async () => {
    for (const name of ['c', 'a', 'b']) {
      await createModel(name);
      await registry.dataSource.query('SELECT pg_sleep(0.002)');
    }
    await createVersion('a');
    expect(await namesOf({ orderBy: { field: 'CREATED_AT' } }, 1)).toEqual(['c', 'a', 'b']);
    expect(await namesOf({ orderBy: { field: 'UPDATED_AT', direction: 'DESC' } }, 1)).toEqual(['a', 'b', 'c']);
  });

  it('are filtered by name, tags and stage', async () => {
    await createModel('Iris_small', { tags: [{ key: 'kind', value: 'tabular' }] });
    await createModel('iris-large', {
      tags: [
        { key: 'kind', value: 'tabular' },
        { key: 'size', value: 'l' },
      ],
    });
    await modelWith('digits', 2);
    await expectDone(mutate(TRANSITION, { model: 'digits', version: 2, stage: 'STAGING' }));
    expect(await namesOf({ filter: { nameContains: 'IRIS' } }, 10)).toEqual(['Iris_small', 'iris-large']);
    expect(await namesOf({ filter: { nameContains: '_' } }, 10)).toEqual(['Iris_small']);
    expect(await namesOf({ filter: { nameContains: '%' } }, 10)).toEqual([]);
    expect(await namesOf({ filter: { tags: [{ key: 'kind', value: 'tabular' }] } }, 1)).toHaveLength(2);
    const both = [
      { key: 'size', value: 'l' },
      { key: 'kind', value: 'tabular' },
    ];
    expect(await namesOf({ filter: { tags: both } }, 10)).toEqual(['iris-large']);
    expect(await namesOf({ filter: { stage: 'STAGING' } }, 10)).toEqual(['digits']);
    expect(await namesOf({ filter: { stage: 'PRODUCTION' } }, 10)).toEqual([]);
  });

  it.each([
    ['nonsense', {}, 'nonsense'],
    ['another order', { orderBy: { field: 'CREATED_AT' } }, cursor('NAME', 'x')],
    [
      'another time order',
      { orderBy: { field: 'CREATED_AT' } },
      cursor('UPDATED_AT', '2026-01-01T00:00:00.000Z', randomUUID()),
    ],
    ['no time', { orderBy: { field: 'CREATED_AT' } }, cursor('CREATED_AT', 'yesterday', randomUUID())],
    ['no day', { orderBy: { field: 'CREATED_AT' } }, cursor('CREATED_AT', '2026-02-31T00:00:00.000Z', randomUUID())],
    ['no id', { orderBy: { field: 'CREATED_AT' } }, cursor('CREATED_AT', '2026-01-01T00:00:00.000Z', 'x')],
    ['no name', {}, cursor('NAME', 'a\0')],
  ])('refuse a cursor that names %s', async (_, variables, after) => {
    expect(codeOf(await run(LIST, { ...variables, after }))).toBe('INVALID_CURSOR');
  });

  it('refuse a page beyond the limit', async () => {
    expect(codeOf(await run(LIST, { first: 201 }))).toBe('INVALID_INPUT');
    expect(codeOf(await run(LIST, { first: 0 }))).toBe('INVALID_INPUT');
  });

  it('refuse to multiply beyond reason', async () => {
    await registry.dataSource.query(
      `INSERT INTO registered_models
         (id, workspace_id, name, description, tags, next_version, created_by, created_at, updated_at)
       SELECT gen_random_uuid(), $1, 'model' || number, '', '{}', 1, 'tester', now(), now()
       FROM generate_series(1, 101) AS number`,
      [engineer.workspaceId],
    );
    const nested = `query ($first: Int!) {
      registeredModels(first: $first) { edges { node { versions(first: 100) { version } } } }
    }`;
    expect(codeOf(await run(nested, { first: 101 }))).toBe('OPERATION_TOO_COMPLEX');
    await expectDone(run(nested, { first: 100 }));
  });

  it('read what belongs to the models with a number of queries that does not grow', async () => {
    const nested = `{ registeredModels { edges { node {
      name versions(first: 2) { version model aliases } latestVersions { version model aliases } aliases { alias }
      old: versions(before: 2, stage: NONE) { version }
    } } } }`;
    const queriesOf = async () => {
      const query = vi.spyOn(PostgresQueryRunner.prototype, 'query');
      const data = await expectDone(run(nested, {}));
      const count = query.mock.calls.length;
      query.mockRestore();
      return { data, count };
    };
    await modelWith('model1', 3);
    const few = await queriesOf();
    for (const name of ['model2', 'model3', 'model4', 'model5']) await modelWith(name, 3);
    await expectDone(mutate(SET_ALIAS, { model: 'model3', version: 3, alias: 'best' }));
    const many = await queriesOf();
    expect(many.count).toBe(few.count);
    expect(JSON.stringify(many.data)).toContain(
      '{"name":"model3","versions":[{"version":3,"model":"model3","aliases":["best"]},' +
        '{"version":2,"model":"model3","aliases":[]}],"latestVersions":[{"version":3,"model":"model3","aliases":["best"]}],' +
        '"aliases":[{"alias":"best"}],"old":[{"version":1}]}',
    );
  });
});

const tensor = (name: string) => ({ name, datatype: 'INT32', shape: [-1, 16] });

describe('model versions', () => {
  it('take their signature from the file', async () => {
    digest = await uploaded(engineer, simpleModel());
    await createModel('simple');
    const { createModelVersion: version } = await createVersion('simple', {
      description: 'First.',
      tags: [{ key: 'run', value: '7' }],
    });
    expect(version).toMatchObject({
      model: 'simple',
      version: 1,
      digest,
      sizeBytes: simpleModel().length,
      stage: 'NONE',
      aliases: [],
      description: 'First.',
      tags: [{ key: 'run', value: '7' }],
      metadata: {},
      batchable: true,
      signature: { inputs: ['INPUT0', 'INPUT1'].map(tensor), outputs: ['OUTPUT0', 'OUTPUT1'].map(tensor) },
      onnx: { irVersion: 8, operatorSets: [{ domain: '', version: 17 }], nodeCount: 2, parameterCount: 0 },
    });
    expect(await audited()).toEqual([
      'model.create registered-model simple',
      'model-version.create model-version simple/1',
    ]);
  });

  it('keep metadata that fits and refuse what does not', async () => {
    await createModel('meta');
    const metadata = {
      inputColumns: ['a', 'b', 'c', 'd'],
      outputLabels: ['w', 'x', 'y', 'z'],
      outputs: { probabilities: 'output' },
      preprocessing: { scale: 0.5, offset: [1, 2, 3, 4] },
      postprocessing: { activation: 'SOFTMAX', description: null },
    };
    const { createModelVersion } = await createVersion('meta', { metadata });
    expect(createModelVersion).toMatchObject({
      metadata: { ...metadata, postprocessing: { activation: 'SOFTMAX' } },
    });
    const refused = await mutate(CREATE_VERSION, {
      model: 'meta',
      artifact: digest,
      metadata: { ...metadata, inputColumns: ['a'] },
    });
    expect(codeOf(refused)).toBe('INVALID_INPUT');
    expect(refused.errors[0]?.message).toContain('inputColumns: has 1 names for 4 columns; "input" has [-1, 4]');
    const deep = { inputColumns: ['a\0'], outputs: { label: '' } };
    const broken = await mutate(CREATE_VERSION, { model: 'meta', artifact: digest, metadata: deep });
    expect(broken.errors[0]?.message).toMatch(/U\+0000.*metadata\.outputs\.label/);
    expect(await createVersion('meta')).toMatchObject({ createModelVersion: { version: 2 } });
  });

  it.each([
    ['an unknown model', { model: 'absent' }, 'MODEL_NOT_FOUND'],
    ['an unknown artifact', { artifact: `sha256:${'0'.repeat(64)}` }, 'ARTIFACT_NOT_FOUND'],
    ['no digest', { artifact: '../../etc/passwd' }, 'INVALID_INPUT'],
  ])('are refused for %s', async (_, change, code) => {
    await createModel('known');
    expect(codeOf(await mutate(CREATE_VERSION, { model: 'known', artifact: digest, ...change }))).toBe(code);
  });

  it('are numbered without gaps while 20 are made at once and some of them fail at the last moment', async () => {
    await createModel('busy');
    await createVersion('busy');
    // Fails after the number was taken; `retry` fails as a deadlock does, once.
    await registry.dataSource.query('CREATE SEQUENCE registry_test_retries');
    await registry.dataSource.query(`
      CREATE FUNCTION registry_test_fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.description = 'fail' THEN RAISE EXCEPTION 'made to fail'; END IF;
        IF NEW.description = 'retry' AND nextval('registry_test_retries') <= 3 THEN
          RAISE EXCEPTION 'made to retry' USING ERRCODE = '40P01';
        END IF;
        RETURN NEW;
      END $$`);
    await registry.dataSource.query(
      'CREATE TRIGGER registry_test AFTER INSERT ON model_versions FOR EACH ROW EXECUTE FUNCTION registry_test_fail()',
    );
    const descriptions = Array.from({ length: 20 }, (_, index) => ['fine', 'fail', 'retry', 'fine'][index % 4]);
    const answers = await Promise.all(
      descriptions.map((description) => mutate(CREATE_VERSION, { model: 'busy', artifact: digest, description })),
    );
    await registry.dataSource.query('DROP TRIGGER registry_test ON model_versions');
    expect(answers.map((answer) => codeOf(answer))).toEqual(
      descriptions.map((description) => (description === 'fail' ? 'INTERNAL_SERVER_ERROR' : undefined)),
    );
    expect(JSON.stringify(answers)).not.toContain('made to');
    await createVersion('busy');
    const { registeredModel } = (await expectDone(run(MODEL, { name: 'busy' }))) as {
      registeredModel: { versions: { version: number }[] };
    };
    expect(registeredModel.versions.map(({ version }) => version)).toEqual(
      Array.from({ length: 17 }, (_, index) => 17 - index),
    );
    expect((await audited()).filter((line) => line.startsWith('model-version.create'))).toHaveLength(17);
  });

  it('belong to their workspace alone: nothing of another can be seen, used or changed', async () => {
    await modelWith('private', 1);
    await expectDone(mutate(SET_ALIAS, { model: 'private', version: 1, alias: 'champion' }));
    const stranger: TestActor = { workspaceId: randomUUID(), role: 'ADMIN' };
    expect(await expectDone(run(MODEL, { name: 'private' }, stranger))).toEqual({ registeredModel: null });
    expect(await expectDone(run(VERSION, { model: 'private', version: 1 }, stranger))).toEqual({ modelVersion: null });
    expect(await expectDone(run(LIST, {}, stranger))).toMatchObject({ registeredModels: { edges: [] } });
    const target = { model: 'private', version: 1 };
    const refusals = await Promise.all([
      mutate(CREATE_VERSION, { model: 'private', artifact: digest }, stranger),
      mutate(SET_ALIAS, { ...target, alias: 'mine' }, stranger),
      mutate(DELETE_ALIAS, { model: 'private', alias: 'champion' }, stranger),
      mutate(TRANSITION, { ...target, stage: 'ARCHIVED' }, stranger),
    ]);
    expect(refusals.map(codeOf)).toEqual(Array.from({ length: 4 }, () => 'MODEL_NOT_FOUND'));
    await expectDone(mutate(CREATE_MODEL, { name: 'private' }, stranger));
    expect(codeOf(await mutate(CREATE_VERSION, { model: 'private', artifact: digest }, stranger))).toBe(
      'ARTIFACT_NOT_FOUND',
    );
    const snapshot = registry.app.get(RegistrySnapshot);
    await expect(Promise.resolve(snapshot.resolve(stranger.workspaceId, { model: 'private' }))).rejects.toMatchObject({
      code: 'MODEL_NOT_READY',
    });
    expect(await expectDone(run(MODEL, { name: 'private' }))).toMatchObject({
      registeredModel: { versions: [{ version: 1, stage: 'NONE', aliases: ['champion'] }] },
    });
  });
});

describe('aliases', () => {
  it('are made, moved and removed', async () => {
    await modelWith('aliased', 2);
    const alias = { model: 'aliased', alias: 'champion' };
    expect(await expectDone(mutate(SET_ALIAS, { ...alias, version: 1 }))).toEqual({
      setModelAlias: { version: 1, aliases: ['champion'] },
    });
    await expectDone(mutate(SET_ALIAS, { ...alias, alias: 'aaa', version: 2 }));
    expect(await expectDone(mutate(SET_ALIAS, { ...alias, version: 2 }))).toEqual({
      setModelAlias: { version: 2, aliases: ['aaa', 'champion'] },
    });
    expect(await expectDone(mutate(DELETE_ALIAS, alias))).toEqual({ deleteModelAlias: true });
    expect(await expectDone(mutate(DELETE_ALIAS, alias))).toEqual({ deleteModelAlias: false });
    expect(await expectDone(run(MODEL, { name: 'aliased' }))).toMatchObject({
      registeredModel: { aliases: [{ alias: 'aaa', version: 2 }] },
    });
    expect((await audited()).slice(3)).toEqual([
      'model-alias.set model-version aliased/1',
      'model-alias.set model-version aliased/2',
      'model-alias.set model-version aliased/2',
      'model-alias.delete registered-model aliased',
      'model-alias.delete registered-model aliased',
    ]);
  });

  it('need a version that is there and a name that is not one of a version', async () => {
    await modelWith('aliased', 1);
    expect(codeOf(await mutate(SET_ALIAS, { model: 'aliased', version: 2, alias: 'a' }))).toBe('MODEL_NOT_FOUND');
    expect(codeOf(await mutate(SET_ALIAS, { model: 'absent', version: 1, alias: 'a' }))).toBe('MODEL_NOT_FOUND');
    expect(codeOf(await mutate(DELETE_ALIAS, { model: 'absent', alias: 'a' }))).toBe('MODEL_NOT_FOUND');
    for (const alias of ['v2', '2', 'latest', 'a b']) {
      expect(codeOf(await mutate(SET_ALIAS, { model: 'aliased', version: 1, alias }))).toBe('INVALID_INPUT');
    }
  });

  it('end at one version when they are moved at the same time', async () => {
    await modelWith('raced', 4);
    await Promise.all(
      [1, 2, 3, 4, 1, 2, 3, 4].map((version) =>
        expectDone(mutate(SET_ALIAS, { model: 'raced', version, alias: 'champion' })),
      ),
    );
    const { registeredModel } = (await expectDone(run(MODEL, { name: 'raced' }))) as {
      registeredModel: { aliases: unknown[] };
    };
    expect(registeredModel.aliases).toHaveLength(1);
  });
});

const stagesOf = async (name: string) => {
  const { registeredModel } = (await expectDone(run(MODEL, { name }))) as {
    registeredModel: { versions: { version: number; stage: string }[]; latestVersions: unknown[] };
  };
  return registeredModel.versions.map(({ version, stage }) => `${version} ${stage}`);
};

describe('stages', () => {
  it('make room in PRODUCTION unless told otherwise, and allow to go back', async () => {
    await modelWith('staged', 3);
    const to = (version: number, stage: string, more = {}) =>
      expectDone(mutate(TRANSITION, { model: 'staged', version, stage, ...more }));
    expect(await to(1, 'PRODUCTION')).toEqual({ transitionModelVersion: { version: 1, stage: 'PRODUCTION' } });
    await to(2, 'PRODUCTION');
    expect(await stagesOf('staged')).toEqual(['3 NONE', '2 PRODUCTION', '1 ARCHIVED']);
    await to(1, 'PRODUCTION');
    expect(await stagesOf('staged')).toEqual(['3 NONE', '2 ARCHIVED', '1 PRODUCTION']);
    await to(3, 'PRODUCTION', { archiveExisting: false });
    await to(3, 'PRODUCTION', { archiveExisting: false });
    expect(await stagesOf('staged')).toEqual(['3 PRODUCTION', '2 ARCHIVED', '1 PRODUCTION']);
    expect(await expectDone(run(MODEL, { name: 'staged' }))).toMatchObject({
      registeredModel: {
        latestVersions: [
          { version: 2, stage: 'ARCHIVED' },
          { version: 3, stage: 'PRODUCTION' },
        ],
      },
    });
    const [row] = await registry.dataSource.query<{ detail: unknown }[]>(
      `SELECT detail FROM audit_events WHERE workspace_id = $1 AND action = 'model-version.transition'
       ORDER BY id OFFSET 1 LIMIT 1`,
      [engineer.workspaceId],
    );
    expect(row?.detail).toEqual({ from: 'NONE', to: 'PRODUCTION', archived: '1' });
  });

  it('leave one version in PRODUCTION when all are promoted at the same time', async () => {
    await modelWith('raced', 5);
    await Promise.all(
      [1, 2, 3, 4, 5].map((version) =>
        expectDone(mutate(TRANSITION, { model: 'raced', version, stage: 'PRODUCTION' })),
      ),
    );
    const stages = await stagesOf('raced');
    expect(stages.filter((line) => line.endsWith('PRODUCTION'))).toHaveLength(1);
    expect(stages.filter((line) => line.endsWith('ARCHIVED'))).toHaveLength(4);
  });

  it('need a version that is there', async () => {
    await modelWith('staged', 1);
    for (const target of [
      { model: 'staged', version: 2 },
      { model: 'absent', version: 1 },
    ]) {
      expect(codeOf(await mutate(TRANSITION, { ...target, stage: 'STAGING' }))).toBe('MODEL_NOT_FOUND');
    }
  });
});
