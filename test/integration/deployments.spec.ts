import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExecutorView } from '../../src/modules/inference/client/executor-view.js';
import { PredictionService } from '../../src/modules/inference/prediction/prediction.service.js';
import { startTestInference, type TestInference, until } from '../support/inference.js';
import { fixedBatchModel, identityModel, simpleModel } from '../support/onnx/models.js';

let nestor: TestInference;

beforeAll(async () => {
  nestor = await startTestInference();
  await nestor.startWorker();
  // Version 1 answers what it is given, version 2 the double.
  await nestor.register('echo', identityModel('FP32'));
  await nestor.register('echo', fixedBatchModel());
  await nestor.register('simple', simpleModel());
  await until(
    () => nestor.api.app.get(ExecutorView, { strict: false }).hosts(),
    (hosts) => hosts.some(({ executors }) => executors.some(({ state }) => state === 'READY')),
  );
});

afterAll(() => nestor.close());

interface Deployment {
  readonly name: string;
  readonly environment: string;
  readonly description: string;
  readonly revision: number;
  readonly restores: number | null;
  readonly reason: string;
  readonly revisedBy: string;
  readonly revisedAt: string;
  readonly variants: readonly {
    readonly name: string;
    readonly role: string;
    readonly model: string;
    readonly version: number;
    readonly weight: number;
    readonly share: number;
  }[];
  readonly logging: { readonly sampleRate: number; readonly keepPayloads: boolean };
}

const FIELDS = `name environment description revision restores reason revisedBy revisedAt
  variants { name role model version weight share } logging { sampleRate keepPayloads }`;
const CREATE = `mutation ($input: CreateDeploymentInput!) { result: createDeployment(input: $input) { ${FIELDS} } }`;
const UPDATE = `mutation ($input: UpdateDeploymentInput!) { result: updateDeployment(input: $input) { ${FIELDS} } }`;
const ROLLBACK = `mutation ($input: RollbackDeploymentInput!) { result: rollbackDeployment(input: $input) { ${FIELDS} } }`;
const PROMOTE = `mutation ($input: PromoteVariantInput!) { result: promoteVariant(input: $input) { ${FIELDS} } }`;
const DELETE = `mutation ($input: DeleteDeploymentInput!) { result: deleteDeployment(input: $input) { ${FIELDS} } }`;
const READ = `query ($name: String!) { result: deployment(name: $name) { ${FIELDS} } }`;
const AT = `query ($name: String!, $time: DateTime!) { result: deploymentAt(name: $name, time: $time) { ${FIELDS} } }`;
const LIST = `query ($first: Int, $after: String, $filter: DeploymentFilter) {
  result: deployments(first: $first, after: $after, filter: $filter) {
    edges { node { name } } pageInfo { hasNextPage endCursor } } }`;
const PREDICT = `query ($input: PredictInput!) {
  result: predict(input: $input) { model version deployment variant outputs { data } } }`;

type Input = Readonly<Record<string, unknown>>;

async function run<Result = Deployment>(query: string, variables: Input): Promise<Result> {
  const { data, errors } = await nestor.ask<{ result: Result }>(query, variables);
  if (data === null || errors.length > 0) throw new Error(JSON.stringify(errors));
  return data.result;
}

const change = (mutation: string, input: Input) => run(mutation, { input });

async function refusal(query: string, variables: Input) {
  const { errors } = await nestor.ask(query, variables);
  return { code: errors[0]?.extensions.code, message: errors[0]?.message ?? '' };
}

const champion = { name: 'main', role: 'CHAMPION', model: 'echo', version: 1 };
const challenger = { name: 'rival', role: 'CHALLENGER', model: 'echo', version: 2, weight: 25 };

async function create(input: Input = {}): Promise<string> {
  const name = `d-${randomUUID()}`;
  await change(CREATE, { name, environment: 'PRODUCTION', variants: [champion], ...input });
  return name;
}

const echo = [{ name: 'input', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] }];

interface Predicted {
  readonly version: number;
  readonly deployment: string | null;
  readonly variant: string | null;
  readonly outputs: readonly { readonly data: readonly number[] }[];
}

const predict = (input: Input) => run<Predicted>(PREDICT, { input: { inputs: echo, ...input } });

const justBefore = (time: string) => new Date(new Date(time).getTime() - 1).toISOString();

describe('deployments', () => {
  it('are created, read, changed and listed, and each change is a revision', async () => {
    const name = `d-${randomUUID()}`;
    const created = await change(CREATE, { name, environment: 'STAGING', description: 'first', variants: [champion] });
    expect(created).toMatchObject({ name, environment: 'STAGING', description: 'first', revision: 1, restores: null });
    expect(created.variants).toEqual([{ ...champion, weight: 100, share: 1 }]);
    expect(created.logging).toEqual({ sampleRate: 1, keepPayloads: false });
    const changed = await change(UPDATE, {
      name,
      variants: [{ ...champion, weight: 75 }, challenger],
      logging: { sampleRate: 0.5, keepPayloads: true },
      reason: 'to compare',
    });
    expect(changed).toMatchObject({ revision: 2, reason: 'to compare', description: 'first' });
    expect(changed.variants.map(({ share }) => share)).toEqual([0.75, 0.25]);
    expect(await run(READ, { name })).toEqual(changed);
    expect(await change(UPDATE, { name, description: 'second' })).toMatchObject({
      revision: 3,
      variants: changed.variants,
      logging: changed.logging,
    });
    expect(await run(READ, { name: 'nobody' })).toBeNull();
    expect(await run(READ, { name: 'no name at all' })).toBeNull();
  });

  it('are listed by name, page by page, and by what is asked for', async () => {
    const prefix = `list-${randomUUID().slice(0, 8)}`;
    for (const [name, environment] of [
      ['b', 'STAGING'],
      ['a', 'PRODUCTION'],
      ['c', 'PRODUCTION'],
    ]) {
      await change(CREATE, { name: `${prefix}-${name}`, environment, variants: [champion] });
    }
    type Page = { edges: { node: { name: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    const list = (variables: Input) => run<Page>(LIST, variables);
    const namesOf = ({ edges }: Page) => edges.map(({ node }) => node.name.slice(prefix.length + 1));
    const first = await list({ first: 2, filter: { nameContains: prefix.toUpperCase() } });
    expect([namesOf(first), first.pageInfo.hasNextPage]).toEqual([['a', 'b'], true]);
    const second = await list({ after: first.pageInfo.endCursor, filter: { nameContains: prefix } });
    expect([namesOf(second), second.pageInfo.hasNextPage]).toEqual([['c'], false]);
    const filter = { nameContains: prefix, environment: 'PRODUCTION', model: 'echo' };
    expect(namesOf(await list({ filter }))).toEqual(['a', 'c']);
    expect(namesOf(await list({ filter: { ...filter, model: 'simple' } }))).toEqual([]);
    expect((await refusal(LIST, { after: 'bm9uc2Vuc2U' })).code).toBe('INVALID_CURSOR');
  });

  it('tell what was live at any time, also after they were deleted', async () => {
    const name = await create();
    const one = await run(READ, { name });
    const two = await change(UPDATE, { name, variants: [{ ...champion, version: 2 }] });
    expect(await run(AT, { name, time: justBefore(one.revisedAt) })).toBeNull();
    if (one.revisedAt !== two.revisedAt) {
      expect(await run(AT, { name, time: justBefore(two.revisedAt) })).toMatchObject({ revision: 1 });
    }
    expect(await run(AT, { name, time: two.revisedAt })).toEqual(two);
    await change(DELETE, { name });
    expect(await run(READ, { name })).toBeNull();
    await change(CREATE, { name, environment: 'STAGING', variants: [champion] });
    expect(await run(READ, { name })).toMatchObject({ revision: 1, environment: 'STAGING' });
    expect(await run(AT, { name, time: new Date(Date.now() + 60_000).toISOString() })).toMatchObject({
      environment: 'STAGING',
    });
    await change(DELETE, { name });
    expect(await run(AT, { name, time: new Date(Date.now() + 60_000).toISOString() })).toBeNull();
  });

  it('go back to the revision before, and further back when told again', async () => {
    const name = await create();
    await change(UPDATE, { name, variants: [{ ...champion, version: 2 }] });
    await change(UPDATE, { name, variants: [champion, challenger], logging: { sampleRate: 0 } });
    const once = await change(ROLLBACK, { name });
    expect(once).toMatchObject({ revision: 4, restores: 2, logging: { sampleRate: 1 } });
    expect(once.variants).toMatchObject([{ version: 2 }]);
    const twice = await change(ROLLBACK, { name });
    expect(twice).toMatchObject({ revision: 5, restores: 1 });
    expect(twice.variants).toMatchObject([{ version: 1 }]);
    expect((await refusal(ROLLBACK, { input: { name } })).code).toBe('CONFLICT');
    expect((await refusal(ROLLBACK, { input: { name: 'nobody' } })).code).toBe('DEPLOYMENT_NOT_FOUND');
  });

  it('promote a variant, which ends the comparison', async () => {
    const name = await create({ variants: [champion, challenger] });
    expect((await refusal(PROMOTE, { input: { deployment: name, variant: 'nobody' } })).code).toBe('NOT_FOUND');
    const after = await change(PROMOTE, { deployment: name, variant: 'rival' });
    expect(after.variants).toEqual([{ ...challenger, role: 'CHAMPION', weight: 100, share: 1 }]);
    expect((await refusal(PROMOTE, { input: { deployment: name, variant: 'rival' } })).code).toBe('CONFLICT');
  });

  it.each<[string, Input, string, RegExp]>([
    ['no champion', { variants: [challenger] }, 'INVALID_INPUT', /0 champions/],
    ['an unknown model', { variants: [{ ...champion, model: 'nobody' }] }, 'MODEL_NOT_FOUND', /nobody/],
    ['an unknown version', { variants: [{ ...champion, version: 9 }] }, 'MODEL_NOT_FOUND', /version 9/],
    [
      'variants that take other inputs',
      { variants: [champion, { ...challenger, model: 'simple', version: 1 }] },
      'INVALID_INPUT',
      /same inputs/,
    ],
    ['a rate above 1', { variants: [champion], logging: { sampleRate: 2 } }, 'INVALID_INPUT', /sampleRate/],
    ['a name that is none', { name: 'no name', variants: [champion] }, 'INVALID_INPUT', /name takes/],
  ])('refuse %s', async (_, input, code, message) => {
    const variables = { input: { name: `d-${randomUUID()}`, environment: 'STAGING', ...input } };
    const refused = await refusal(CREATE, variables);
    expect(refused).toMatchObject({ code });
    expect(refused.message).toMatch(message);
  });

  it('refuse a name that is taken, an empty change, and what is not there', async () => {
    const name = await create();
    const again = { input: { name, environment: 'STAGING', variants: [champion] } };
    expect((await refusal(CREATE, again)).code).toBe('ALREADY_EXISTS');
    expect((await refusal(UPDATE, { input: { name } })).code).toBe('INVALID_INPUT');
    expect((await refusal(UPDATE, { input: { name: 'nobody', description: '' } })).code).toBe('DEPLOYMENT_NOT_FOUND');
    expect((await refusal(DELETE, { input: { name: 'nobody' } })).code).toBe('DEPLOYMENT_NOT_FOUND');
  });

  it('number the revisions without gaps when many change one at once, each audited', async () => {
    const name = await create();
    const changes = await Promise.all(
      Array.from({ length: 8 }, (_, index) => change(UPDATE, { name, description: `change ${index}` })),
    );
    expect(changes.map(({ revision }) => revision).toSorted((one, other) => one - other)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    const events = await nestor.dataSource.query<{ action: string; revision: string }[]>(
      `SELECT action, detail->>'revision' AS revision FROM audit_events WHERE resource_id = $1 ORDER BY (detail->>'revision')::int`,
      [name],
    );
    expect(events.map(({ action, revision }) => `${action} ${revision}`)).toEqual([
      'deployment.create 1',
      ...Array.from({ length: 8 }, (_, index) => `deployment.update ${index + 2}`),
    ]);
  });
});

describe('predictions by deployment', () => {
  it('are answered by the variants by weight, the same key always by the same one', async () => {
    const name = await create({
      variants: [
        { ...champion, weight: 50 },
        { ...challenger, weight: 50 },
      ],
    });
    const keys = Array.from({ length: 40 }, (_, index) => `user-${index}`);
    const ask = (stickyKey: string) => predict({ deployment: name, stickyKey });
    const first = await Promise.all(keys.map(ask));
    const again = await Promise.all(keys.map(ask));
    expect(again.map(({ variant }) => variant)).toEqual(first.map(({ variant }) => variant));
    expect(new Set(first.map(({ variant }) => variant))).toEqual(new Set(['main', 'rival']));
    for (const { deployment, variant, version, outputs } of first) {
      expect([deployment, version]).toEqual([name, variant === 'main' ? 1 : 2]);
      expect(outputs[0]?.data).toEqual(variant === 'main' ? [1, 2, 3, 4] : [2, 4, 6, 8]);
    }
    const unkeyed = await Promise.all(keys.map(() => predict({ deployment: name })));
    expect(new Set(unkeyed.map(({ variant }) => variant))).toEqual(new Set(['main', 'rival']));
  });

  it('follow a change at once, and a model that is asked itself has no deployment', async () => {
    const name = await create();
    expect(await predict({ deployment: name })).toMatchObject({ version: 1, variant: 'main' });
    await change(UPDATE, { name, variants: [{ ...champion, version: 2 }] });
    expect(await predict({ deployment: name })).toMatchObject({ version: 2 });
    expect(await predict({ model: 'echo', version: 1 })).toMatchObject({ deployment: null, variant: null });
  });

  it('take the name of a deployment or else of a model as an endpoint', async () => {
    const name = await create({ variants: [{ ...champion, version: 2 }] });
    const service = nestor.api.app.get(PredictionService, { strict: false });
    const infer = (endpoint: string) => service.infer(nestor.context, { endpoint, inputs: echo });
    expect(await infer(name)).toMatchObject({ route: { deployment: name, variant: 'main' }, target: { version: 2 } });
    expect(await infer('echo')).toMatchObject({ route: null, target: { model: 'echo' } });
    const version = await service.infer(nestor.context, { endpoint: 'echo', version: 1, inputs: echo });
    expect(version).toMatchObject({ route: null, target: { version: 1 } });
    await expect(infer('nobody')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it.each<[Input, string, RegExp]>([
    [{}, 'INVALID_INPUT', /exactly one/],
    [{ model: 'echo', deployment: 'x' }, 'INVALID_INPUT', /exactly one/],
    [{ deployment: 'nobody' }, 'DEPLOYMENT_NOT_FOUND', /nobody/],
    [{ deployment: 'x', version: 1 }, 'INVALID_INPUT', /chooses the version/],
    [{ deployment: 'x', stickyKey: '' }, 'INVALID_INPUT', /stickyKey/],
    [{ model: 'echo', stickyKey: 'x' }, 'INVALID_INPUT', /stickyKey/],
  ])('refuse %j', async (input, code, message) => {
    const refused = await refusal(PREDICT, { input: { inputs: echo, ...input } });
    expect(refused).toMatchObject({ code });
    expect(refused.message).toMatch(message);
  });
});
