import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureViewRecord } from '../../src/modules/feature-store/definitions/feature-view.repository.js';
import { OnlineStore } from '../../src/modules/feature-store/online/online-store.js';
import { onlineViewOf } from '../../src/modules/feature-store/online/online-view.rules.js';
import type { FeatureValue } from '../../src/modules/feature-store/value-types.js';
import { deploymentClient, type DeploymentClient, executorsReady, row } from '../support/deployments.js';
import { Definitions, featuresOf, stepsOf } from '../support/feature-views.js';
import { startTestInference, type TestInference, until } from '../support/inference.js';
import { identityModel } from '../support/onnx/models.js';

let nestor: TestInference;
let client: DeploymentClient;
let definitions: Definitions;
let users: FeatureViewRecord;
const now = Date.now();

const write = (view: FeatureViewRecord, entity: FeatureValue[], values: FeatureValue[], eventTime = now) =>
  nestor.api.app
    .get(OnlineStore, { strict: false })
    .write(onlineViewOf(view), [{ entity, eventTime, createdTime: null, values }]);

beforeAll(async () => {
  nestor = await startTestInference();
  await nestor.startWorker();
  client = deploymentClient(nestor);
  definitions = new Definitions(nestor.dataSource, nestor.context.actor.workspaceId);
  users = await definitions.view('users', {
    features: featuresOf({ name: 'age', type: 'INT64' }, { name: 'spent', type: 'FLOAT64' }),
    ttlMs: 3_600_000,
  });
  const asked = await definitions.view('asked', {
    source: {
      kind: 'REQUEST',
      fields: [{ name: 'price', type: 'FLOAT64' }],
      features: [{ versionId: users.id, view: 'users', version: 1, features: ['spent'] }],
    },
    entities: [],
    keys: [],
    columns: [
      { name: 'price', type: 'FLOAT64' },
      { name: 'spent', type: 'FLOAT64' },
    ],
    eventTime: null,
    features: featuresOf({ name: 'log_price', type: 'FLOAT64' }, { name: 'log_spent', type: 'FLOAT64' }),
    transformation: stepsOf(
      { kind: 'LOG1P', input: 'price', output: 'log_price' },
      { kind: 'LOG1P', input: 'spent', output: 'log_spent' },
    ),
  });
  await definitions.service('risk', [
    [users, 'age'],
    [users, 'spent'],
    [asked, 'log_price'],
    [asked, 'log_spent'],
  ]);
  await write(users, ['ann'], [31, 3]);
  await write(users, ['bob'], [null, 0]);
  await write(users, ['old'], [90, 1], now - 7_200_000);
  await nestor.register('echo', identityModel('FP32'), { outputLabels: ['a', 'b', 'c', 'd'] });
  await nestor.register('echo', identityModel('FP32'));
  await nestor.register('bytes', identityModel('UINT8', 1));
  await executorsReady(nestor);
});
afterAll(() => nestor.close());

const BIND = `mutation ($input: BindFeatureServiceInput!) {
  result: bindFeatureService(input: $input) {
    version
    featureBinding { service serviceVersion missing defaults inputs { tensor features } modelVersion { version model } } } }`;

const UNBIND = `mutation ($input: UnbindFeatureServiceInput!) {
  result: unbindFeatureService(input: $input) { featureBinding { service } } }`;

const PREDICT = `query ($input: PredictInput!) {
  result: predict(input: $input) {
    predictionId outputs { shape data } predictions { values }
    features { service serviceVersion entities request
      features { name view viewVersion feature type values used statuses eventTimes } } } }`;

interface Answer {
  readonly predictionId: string | null;
  readonly outputs: readonly { readonly shape: number[]; readonly data: number[] }[];
  readonly predictions: readonly unknown[] | null;
  readonly features: {
    readonly service: string;
    readonly entities: unknown;
    readonly features: readonly Readonly<Record<string, unknown>>[];
  } | null;
}

const bind = (input: object) => client.run<{ featureBinding: unknown }>(BIND, { input });
const ask = (input: object) => client.run<Answer>(PREDICT, { input });
const refusal = (input: object) => client.refusal(PREDICT, { input });

describe('predict by entity', () => {
  it('is refused with a word on what to do where the version is not bound', async () => {
    expect(await refusal({ model: 'echo', version: 2, entities: [{ user: 'ann' }] })).toEqual({
      code: 'CONFLICT',
      message:
        'Version 2 of model "echo" is not bound to a feature service. Bind it by bindFeatureService, or ask by inputs or ' +
        'records.',
    });
  });

  it('joins features of the entities and of the request, and tells what was used', async () => {
    expect(await bind({ model: 'echo', version: 1, service: 'risk' })).toEqual({
      version: 1,
      featureBinding: {
        service: 'risk',
        serviceVersion: 1,
        missing: 'ERROR',
        defaults: {},
        inputs: [{ tensor: 'input', features: ['age', 'spent', 'log_price', 'log_spent'] }],
        modelVersion: { version: 1, model: 'echo' },
      },
    });
    await write(users, ['cid'], [7, 0.5], now - 5);
    const entities = [{ user: 'ann' }, { user: 'cid', price: 1 }];
    const answer = await ask({ model: 'echo', version: 1, entities, request: { price: 3 } });
    expect(answer.outputs[0]?.shape).toEqual([2, 4]);
    const f32 = Math.fround;
    expect(answer.outputs[0]?.data).toEqual(
      [31, 3, Math.log1p(3), Math.log1p(3), 7, 0.5, Math.log1p(1), Math.log1p(0.5)].map(f32),
    );
    expect(answer.predictions).toHaveLength(2);
    expect(answer.features).toMatchObject({ service: 'risk', serviceVersion: 1, entities, request: { price: 3 } });
    expect(answer.features?.features[1]).toEqual({
      name: 'spent',
      view: 'users',
      viewVersion: 1,
      feature: 'spent',
      type: 'FLOAT64',
      values: [3, 0.5],
      used: [3, 0.5],
      statuses: ['PRESENT', 'PRESENT'],
      eventTimes: [now, now - 5],
    });
    expect(answer.features?.features[2]).toMatchObject({ name: 'log_price', eventTimes: [null, null] });
  });

  it('leaves predictions by tensors as they were', async () => {
    const answer = await ask({ model: 'echo', version: 1, inputs: row(1, 2, 3, 4) });
    expect(answer).toMatchObject({ features: null, outputs: [{ data: [1, 2, 3, 4] }] });
    const both = { model: 'echo', version: 1, inputs: row(1, 2, 3, 4) };
    expect((await refusal({ ...both, entities: [{}] })).message).toMatch(/^entities: go without inputs/);
    expect((await refusal({ ...both, request: {} })).message).toBe('request: goes with entities.');
    expect((await refusal({ model: 'echo', version: 1, entities: [] })).message).toBe('entities: give at least one.');
  });

  it('fails where features are missing, unless they have defaults', async () => {
    const input = { model: 'echo', version: 1, entities: [{ user: 'bob' }, { user: 'old' }], request: { price: 0 } };
    const refused = await refusal(input);
    expect(refused.code).toBe('FEATURES_MISSING');
    expect(refused.message).toMatch(
      /entities\[0\]: age \(NULL_VALUE\); entities\[1\]: age \(OUTSIDE_MAX_AGE\), spent \(OUTSIDE_MAX_AGE\), log_spent/,
    );
    await bind({
      model: 'echo',
      version: 1,
      service: 'risk',
      missing: 'DEFAULT',
      defaults: { age: 40, spent: 0.25, log_spent: 0 },
    });
    const answer = await ask(input);
    expect(answer.outputs[0]?.data).toEqual([40, 0, 0, 0, 40, 0.25, 0, 0]);
    expect(answer.features?.features[0]).toMatchObject({
      values: [null, null],
      used: [40, 40],
      statuses: ['NULL_VALUE', 'OUTSIDE_MAX_AGE'],
      eventTimes: [now, now - 7_200_000],
    });
  });

  it('says what is wrong with entities, and with values that the model does not take', async () => {
    expect(await refusal({ model: 'echo', version: 1, entities: [{ shop: 1 }] })).toMatchObject({
      code: 'INVALID_INPUT',
    });
    await definitions.service('ages', [[users, 'age']]);
    await bind({ model: 'bytes', version: 1, service: 'ages' });
    await write(users, ['eve'], [300, 0]);
    expect(await refusal({ model: 'bytes', entities: [{ user: 'ann' }, { user: 'eve' }] })).toEqual({
      code: 'INVALID_TENSOR',
      message: 'entities[1]: feature age is 300; input input takes UINT8 from 0 to 255.',
    });
  });

  it('keeps to the version of the service that was bound, whatever becomes of the service', async () => {
    await definitions.service('ages', [[users, 'spent']]);
    const answer = await ask({ model: 'bytes', entities: [{ user: 'ann' }] });
    expect(answer.outputs[0]?.data).toEqual([31]);
    await nestor.dataSource.query(`UPDATE feature_services SET deleted_at = now() WHERE name = 'ages'`);
    await definitions.service('ages', [[users, 'spent']]);
    expect((await ask({ model: 'bytes', entities: [{ user: 'ann' }] })).outputs[0]?.data).toEqual([31]);
  });
});

describe('a deployment whose variants are bound', () => {
  const LOG = `query ($name: String!) { result: predictionLog(filter: { deployment: $name }) { edges { node {
    role inputs features { service serviceVersion entities features { name used statuses eventTimes } } } } } }`;

  interface Log {
    readonly edges: readonly {
      readonly node: { readonly role: string; readonly features: Answer['features'] };
    }[];
  }

  const logged = (name: string, count: number) =>
    until(
      async () => (await client.run<Log>(LOG, { name })).edges.map(({ node }) => node),
      (nodes) => nodes.length >= count,
    );

  const variants = [
    { name: 'main', role: 'CHAMPION', model: 'echo', version: 1, weight: 100 },
    { name: 'dark', role: 'SHADOW', model: 'echo', version: 2 },
  ];

  it('is asked by entity, and its log tells what was used, by the variant and its shadow', async () => {
    const name = await client.create({ variants, logging: { sampleRate: 1, keepPayloads: true } });
    const entities = [{ user: 'ann', price: 0 }];
    const answer = await ask({ deployment: name, entities });
    expect(answer.predictionId).not.toBeNull();
    const nodes = await logged(name, 2);
    expect(nodes.map(({ role }) => role).toSorted()).toEqual(['CHAMPION', 'SHADOW']);
    for (const { features } of nodes) {
      expect(features).toMatchObject({ service: 'risk', serviceVersion: 1, entities });
      expect(features?.features[0]).toEqual({ name: 'age', used: [31], statuses: ['PRESENT'], eventTimes: [now] });
    }
  });

  it('leads from what was used to the service, its view and its models, and back', async () => {
    const name = await client.create({ variants: variants.slice(0, 1) });
    await ask({ deployment: name, entities: [{ user: 'ann', price: 0 }] });
    await logged(name, 1);
    const LINKS = `query ($name: String!) { result: predictionLog(filter: { deployment: $name }) { edges { node { features {
      featureService { name version modelBindings(first: 5) { serviceVersion modelVersion { model version
        featureBinding { featureService { name } } } } }
      features { name featureView { name version } } } } } } }`;
    const { edges } = await client.run<{ edges: { node: { features: Record<string, unknown> } }[] }>(LINKS, { name });
    expect(edges[0]?.node.features).toMatchObject({
      featureService: {
        name: 'risk',
        version: 1,
        modelBindings: [
          { modelVersion: { model: 'echo', version: 1, featureBinding: { featureService: { name: 'risk' } } } },
        ],
      },
      features: [
        { name: 'age', featureView: { name: 'users', version: 1 } },
        { name: 'spent', featureView: { name: 'users' } },
        { name: 'log_price', featureView: { name: 'asked' } },
        { name: 'log_spent', featureView: { name: 'asked' } },
      ],
    });
  });

  it('keeps neither entities nor values where it keeps no inputs', async () => {
    const name = await client.create({ variants: variants.slice(0, 1) });
    await ask({ deployment: name, entities: [{ user: 'ann', price: 0 }] });
    await ask({ deployment: name, inputs: row(1, 2, 3, 4) });
    const nodes = await logged(name, 2);
    expect(nodes.map(({ features }) => features === null)).toEqual([true, false]);
    expect(nodes[1]?.features).toMatchObject({ service: 'risk', entities: null });
    expect(nodes[1]?.features?.features[0]).toEqual({
      name: 'age',
      used: null,
      statuses: ['PRESENT'],
      eventTimes: [now],
    });
  });
});

describe('binding', () => {
  it.each<[string, object, string, RegExp]>([
    ['an unknown model', { model: 'nothing' }, 'MODEL_NOT_FOUND', /nothing/],
    ['an unknown service', { service: 'nothing' }, 'NOT_FOUND', /There is no feature service "nothing" in/],
    ['an unknown version of it', { serviceVersion: 9 }, 'NOT_FOUND', /"risk" with a version 9/],
    ['features that do not fit', { model: 'bytes' }, 'INVALID_INPUT', /which 1 features fill, not 4/],
    ['a default of no feature', { missing: 'DEFAULT', defaults: { q: 1 } }, 'INVALID_INPUT', /^defaults\.q/],
    ['an input that is not there', { inputs: [{ tensor: 'x', features: [] }] }, 'INVALID_INPUT', /^inputs\.x/],
  ])('refuses %s', async (_, change, code, message) => {
    const input = { model: 'echo', version: 1, service: 'risk', ...change };
    const refused = await client.refusal(BIND, { input });
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(message);
  });

  it('goes by name where the model names its columns', async () => {
    const columns = ['log_price', 'age', 'spent', 'log_spent'];
    const version = await nestor.register('echo', identityModel('FP32'), {
      inputColumns: columns,
      preprocessing: { scale: [1, 2, 1, 1] },
    });
    expect(await bind({ model: 'echo', version, service: 'risk' })).toMatchObject({
      featureBinding: { inputs: [{ tensor: 'input', features: columns }] },
    });
    const { outputs } = await ask({ model: 'echo', version, entities: [{ user: 'ann', price: 0 }] });
    expect(outputs[0]?.data.slice(0, 3)).toEqual([0, 62, 3]);
  });

  it('is taken back, and audited', async () => {
    const input = { model: 'echo', version: 1 };
    expect(await client.run(UNBIND, { input })).toEqual({ featureBinding: null });
    expect((await client.refusal(UNBIND, { input })).code).toBe('CONFLICT');
    expect((await refusal({ ...input, entities: [{ user: 'ann' }] })).code).toBe('CONFLICT');
    const AUDIT = `query { result: auditEvents(first: 50, filter: { action: "model-version.*" }) { edges { node { action resourceId outcome } } } }`;
    const { edges } = await client.run<{ edges: { node: Record<string, string> }[] }>(AUDIT, {});
    const found = edges.map(({ node }) => `${node['action']} ${node['resourceId']} ${node['outcome']}`);
    expect(found).toContain('model-version.bind-features echo/1 SUCCESS');
    expect(found).toContain('model-version.unbind-features echo/1 SUCCESS');
  });
});
