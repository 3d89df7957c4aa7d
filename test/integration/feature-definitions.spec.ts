import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APPLY_VIEW, definitionsOf, payments, viewInput } from '../support/feature-definitions.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const ENTITY = `name description joinKeys { name type }`;
const CREATE_ENTITY = `mutation ($input: CreateFeatureEntityInput!) { createFeatureEntity(input: $input) { ${ENTITY} } }`;
const UPDATE_ENTITY = `mutation ($input: UpdateFeatureEntityInput!) { updateFeatureEntity(input: $input) { ${ENTITY} } }`;
const DELETE_ENTITY = 'mutation ($name: String!) { deleteFeatureEntity(input: { name: $name }) { name } }';
const DELETE_VIEW = 'mutation ($name: String!) { deleteFeatureView(input: { name: $name }) { name version } }';
const DELETE_SERVICE = 'mutation ($name: String!) { deleteFeatureService(input: { name: $name }) { name version } }';
const APPLY_SERVICE = 'mutation ($input: ApplyFeatureServiceInput!) { applyFeatureService(input: $input) { version } }';
const VIEW = `query ($name: String!, $version: Int) { featureView(name: $name, version: $version) { name version ttlSeconds } }`;
const SERVICE = `query ($name: String!, $version: Int) { featureService(name: $name, version: $version) {
  version features { as feature view { name version } } versions { version } } }`;
const UPDATE_SOURCE = 'mutation ($input: UpdateDataSourceInput!) { updateDataSource(input: $input) { revision } }';
const DELETE_SOURCE = 'mutation ($name: String!) { deleteDataSource(input: { name: $name }) { name } }';

let nestor: TestNestor;
let database: pg.Client;
const { applyView, applyService, createSource, createEntity, refusal } = definitionsOf(() => nestor);
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false });
  database = new pg.Client({ connectionString: nestor.settings.DATABASE_URL });
  await database.connect();
  await createSource('payments');
  await createEntity('customer', [{ name: 'customer', type: 'STRING' }]);
  await createEntity('shop', [{ name: 'shop', type: 'INT64' }]);
});
afterAll(async () => {
  await database.end();
  await nestor.close();
});

async function audited(type: string, name: string): Promise<string[]> {
  const { rows } = await database.query<{ action: string; detail: Record<string, unknown> | null }>(
    `SELECT action, detail FROM audit_events
     WHERE resource_type = $1 AND resource_id = $2 AND outcome = 'SUCCESS' ORDER BY id`,
    [type, name],
  );
  return rows.map(({ action, detail }) => [action, detail?.['change'], detail?.['fields']].filter(Boolean).join(' '));
}

const refusedService = (...features: object[]) => refusal(APPLY_SERVICE, { input: { name: 'refused', features } });
const without = (...names: string[]) => payments.columns.filter(({ name }) => !names.includes(name));
const change = (columns: readonly object[]) => ({ input: { name: 'orders', schema: { ...payments, columns } } });

describe('feature entities', () => {
  it('are created, described, listed and deleted, and each change is audited', async () => {
    const joinKeys = [
      { name: 'id', type: 'INT64' },
      { name: 'region', type: 'STRING' },
    ];
    const input = { name: 'device', description: 'A device', joinKeys };
    expect(await nestor.ask(CREATE_ENTITY, { input })).toEqual({ createFeatureEntity: input });
    expect(await refusal(CREATE_ENTITY, { input })).toMatch(/^ALREADY_EXISTS .*device/);
    const changed = { name: 'device', description: 'A machine' };
    expect(await nestor.ask(UPDATE_ENTITY, { input: changed })).toEqual({
      updateFeatureEntity: { ...input, ...changed },
    });
    const first = await nestor.ask<{ featureEntities: { pageInfo: { endCursor: string } } }>(
      '{ featureEntities(first: 1) { edges { node { name } } pageInfo { endCursor } } }',
    );
    expect(first).toMatchObject({ featureEntities: { edges: [{ node: { name: 'customer' } }] } });
    const after = first.featureEntities.pageInfo.endCursor;
    expect(
      await nestor.ask('query ($after: String) { featureEntities(after: $after) { edges { node { name } } } }', {
        after,
      }),
    ).toEqual({ featureEntities: { edges: ['device', 'shop'].map((name) => ({ node: { name } })) } });
    await nestor.ask(DELETE_ENTITY, { name: 'device' });
    expect(await nestor.ask('{ featureEntity(name: "device") { name } }')).toEqual({ featureEntity: null });
    expect(await refusal(DELETE_ENTITY, { name: 'device' })).toMatch(/^NOT_FOUND .*device/);
    expect(await refusal(UPDATE_ENTITY, { input: changed })).toMatch(/^NOT_FOUND/);
    expect(await audited('feature-entity', 'device')).toEqual(
      ['create', 'update', 'delete'].map((verb) => `feature-entity.${verb}`),
    );
  });

  it('stay while views tell of them', async () => {
    await createEntity('till', [{ name: 'shop', type: 'INT64' }]);
    await applyView('tills', { entities: ['till'] });
    expect(await refusal(DELETE_ENTITY, { name: 'till' })).toMatch(/^CONFLICT .*tills/);
    await applyView('tills', { entities: ['shop'] });
    await nestor.ask(DELETE_ENTITY, { name: 'till' });
    await createEntity('till', [{ name: 'amount', type: 'INT64' }]);
    expect(
      await nestor.ask('{ featureView(name: "tills", version: 1) { joinKeys { name } entities { name } } }'),
    ).toEqual({
      featureView: { joinKeys: [{ name: 'shop' }], entities: [] },
    });
    await nestor.ask(DELETE_VIEW, { name: 'tills' });
    await nestor.ask(DELETE_ENTITY, { name: 'till' });
  });
});

describe('feature views', () => {
  it('read the columns that they need, with what is left out told by the source', async () => {
    const steps = [
      { kind: 'ROLLING', input: 'amount', statistic: 'MEAN', window: { rows: 5 }, output: 'amount_mean' },
      { kind: 'SQL', expression: 'length(Currency) > 3', type: 'BOOLEAN', output: 'is_odd' },
    ];
    const view = await applyView('spending', {
      description: 'What customers spend',
      createdTimeColumn: 'known_at',
      ttlSeconds: 3_600,
      transformation: { version: 1, steps },
      features: [{ name: 'amount_mean', type: 'FLOAT64', description: 'Of five' }, { name: 'is_odd' }],
    });
    const read = ['customer', 'amount', 'currency', 'paid_at', 'known_at'];
    expect(view).toMatchObject({
      version: 1,
      kind: 'DATA_SOURCE',
      joinKeys: [{ name: 'customer', type: 'STRING' }],
      columns: payments.columns.filter(({ name }) => read.includes(name)),
      eventTimeColumn: 'paid_at',
      createdTimeColumn: 'known_at',
      ttlSeconds: 3_600,
      isOnline: true,
      learnedFrom: null,
      features: [
        { name: 'amount_mean', type: 'FLOAT64', description: 'Of five' },
        { name: 'is_odd', type: 'BOOLEAN', description: '' },
      ],
    });
  });

  it('get a new version where something changed, and only there', async () => {
    const first = await applyView('changing', { ttlSeconds: 60 });
    expect(await applyView('changing', { ttlSeconds: 60 })).toEqual(first);
    const second = await applyView('changing', { ttlSeconds: 0, features: [{ name: 'amount' }, { name: 'currency' }] });
    expect(second).toMatchObject({ version: 2, ttlSeconds: null });
    expect(second.id).not.toBe(first.id);
    expect(await nestor.ask(VIEW, { name: 'changing', version: 1 })).toMatchObject({ featureView: { ttlSeconds: 60 } });
    expect(await nestor.ask(VIEW, { name: 'changing' })).toMatchObject({ featureView: { version: 2 } });
    expect(await nestor.ask(VIEW, { name: 'changing', version: 3 })).toEqual({ featureView: null });
    expect(await audited('feature-view', 'changing')).toEqual([
      'feature-view.apply CREATE',
      'feature-view.apply UNCHANGED',
      'feature-view.apply NEW_VERSION columns, ttlSeconds, features',
    ]);
  });

  it('are made once by those who apply the same at the same time', async () => {
    const versions = await Promise.all(Array.from({ length: 6 }, () => applyView('together')));
    expect(new Set(versions.map(({ id, version }) => `${id} ${version}`)).size).toBe(1);
  });

  it('read other views, and pin their versions', async () => {
    await applyView('base', { features: [{ name: 'amount' }, { name: 'currency' }], createdTimeColumn: 'known_at' });
    const steps = [{ kind: 'LOG1P', input: 'amount', output: 'amount_log' }];
    const derived = () =>
      applyView('derived', {
        source: { featureView: { name: 'base' } },
        features: [{ name: 'amount_log' }],
        transformation: { version: 1, steps },
      });
    expect(await derived()).toMatchObject({
      version: 1,
      kind: 'FEATURE_VIEW',
      createdTimeColumn: 'known_at',
      columns: ['customer', 'paid_at', 'known_at', 'amount'].map((name) => expect.objectContaining({ name })),
    });
    await applyView('base', { features: [{ name: 'amount' }] });
    expect(await derived()).toMatchObject({ version: 2 });
    expect(
      await refusal(APPLY_VIEW, { input: viewInput('base', { source: { featureView: { name: 'derived' } } }) }),
    ).toMatch(/^INVALID_INPUT source: .*base would read itself/);
    expect(await refusal(DELETE_VIEW, { name: 'base' })).toMatch(/^CONFLICT .*view derived/);
    await nestor.ask(DELETE_VIEW, { name: 'derived' });
    expect(await nestor.ask(DELETE_VIEW, { name: 'base' })).toEqual({
      deleteFeatureView: { name: 'base', version: 2 },
    });
    expect(await refusal(DELETE_VIEW, { name: 'base' })).toMatch(/^NOT_FOUND/);
    expect(await nestor.ask(VIEW, { name: 'base', version: 1 })).toEqual({ featureView: null });
    expect(await applyView('base')).toMatchObject({ version: 1 });
  });

  it('are computed on demand from requests and features of others', async () => {
    await applyView('limits', { features: [{ name: 'amount' }] });
    const request = {
      fields: [{ name: 'basket', type: 'FLOAT64' }],
      features: [{ view: 'limits', features: ['amount'] }],
    };
    const input = {
      name: 'risk',
      source: { request },
      features: [{ name: 'basket_log' }, { name: 'amount' }],
      transformation: { version: 1, steps: [{ kind: 'LOG1P', input: 'basket', output: 'basket_log' }] },
    };
    const { applyFeatureView } = await nestor.ask<{ applyFeatureView: object }>(APPLY_VIEW, { input });
    expect(applyFeatureView).toMatchObject({
      kind: 'REQUEST',
      joinKeys: [],
      eventTimeColumn: null,
      isOnline: false,
      requestFields: [{ name: 'basket' }],
      lookups: [{ features: ['amount'], view: { name: 'limits', version: 1 } }],
      columns: [
        { name: 'basket', type: 'FLOAT64' },
        { name: 'amount', type: 'FLOAT64' },
      ],
    });
    expect(await refusal(DELETE_VIEW, { name: 'limits' })).toMatch(/^CONFLICT .*view risk/);
  });
});

describe('feature services', () => {
  it('pin versions of views, and get a new version where something changed', async () => {
    await applyView('pinned', { features: [{ name: 'amount' }, { name: 'currency' }] });
    const wanted = [{ view: 'pinned' }, { view: 'pinned', feature: 'amount', as: 'spent' }];
    const first = await applyService('fraud', wanted);
    expect(first.features.map(({ as, feature, view }) => [as, feature, view.version])).toEqual([
      ['amount', 'amount', 1],
      ['currency', 'currency', 1],
      ['spent', 'amount', 1],
    ]);
    expect(await applyService('fraud', wanted)).toEqual(first);
    await applyView('pinned', { features: [{ name: 'amount' }] });
    expect(await applyService('fraud', wanted)).toMatchObject({
      version: 2,
      features: [
        { as: 'amount', view: { version: 2 } },
        { as: 'spent', view: { version: 2 } },
      ],
    });
    expect(await nestor.ask(SERVICE, { name: 'fraud', version: 1 })).toMatchObject({
      featureService: { version: 1, features: first.features, versions: [{ version: 2 }, { version: 1 }] },
    });
    expect(await nestor.ask('{ featureServices { edges { node { name version } } } }')).toEqual({
      featureServices: { edges: [{ node: { name: 'fraud', version: 2 } }] },
    });
    expect(await refusal(DELETE_VIEW, { name: 'pinned' })).toMatch(/^CONFLICT .*service fraud/);
    expect(await nestor.ask(DELETE_SERVICE, { name: 'fraud' })).toEqual({
      deleteFeatureService: { name: 'fraud', version: 2 },
    });
    expect(await refusal(DELETE_SERVICE, { name: 'fraud' })).toMatch(/^NOT_FOUND/);
    await nestor.ask(DELETE_VIEW, { name: 'pinned' });
    expect(await audited('feature-service', 'fraud')).toEqual([
      'feature-service.apply CREATE',
      'feature-service.apply UNCHANGED',
      'feature-service.apply NEW_VERSION features',
      'feature-service.delete',
    ]);
  });
});

describe('definitions', () => {
  it.each<[string, object, RegExp]>([
    ['an unknown source', { source: { dataSource: 'nothing' } }, /^NOT_FOUND source: .*"nothing"/],
    ['an unknown view', { source: { featureView: { name: 'nothing' } } }, /^NOT_FOUND source: .*"nothing"/],
    [
      'an unknown version',
      { source: { featureView: { name: 'limits', version: 9 } } },
      /^NOT_FOUND source: .*version 9/,
    ],
    ['an unknown entity', { entities: ['customer', 'nobody'] }, /^NOT_FOUND entities\[1\]: .*"nobody"/],
    ['an unknown column', { features: [{ name: 'nothing' }] }, /^INVALID_INPUT features\[0\]\.name: .*"nothing"/],
    [
      'another type',
      { features: [{ name: 'amount', type: 'INT64' }] },
      /^INVALID_INPUT features\[0\]\.type: .*FLOAT64/,
    ],
    ['two sources', { source: { dataSource: 'payments', featureView: { name: 'limits' } } }, /^INVALID_INPUT source: /],
    [
      'an expression of what there is not',
      { transformation: { version: 1, steps: [{ kind: 'SQL', expression: 'now()', type: 'TIMESTAMP', output: 'x' }] } },
      /^INVALID_EXPRESSION transformation\.steps\[0\]\.expression: now cannot be used/,
    ],
    [
      'a step that does not fit',
      { transformation: { version: 1, steps: [{ kind: 'LOG1P', input: 'currency', output: 'x' }] } },
      /^INVALID_TRANSFORMATION transformation\.steps\[0\]\.input: .*STRING/,
    ],
  ])('are refused for %s', async (_, more, message) => {
    expect(await refusal(APPLY_VIEW, { input: viewInput('refused', more) })).toMatch(message);
  });

  it('of services are refused for views and features that there are not', async () => {
    expect(await refusedService({ view: 'limits' }, { view: 'nothing' })).toMatch(
      /^NOT_FOUND features\[1\]: .*"nothing"/,
    );
    expect(await refusedService({ view: 'limits', version: 7 })).toMatch(/^NOT_FOUND features\[0\]: .*version 7/);
    expect(await refusedService({ view: 'limits', feature: 'x' })).toMatch(
      /^INVALID_INPUT features\[0\]\.feature: .*"x"/,
    );
    expect(await refusedService({ view: 'limits' }, { view: 'limits' })).toMatch(
      /^INVALID_INPUT features\[1\]\.as: .*twice/,
    );
  });

  it('need permissions, and are of one workspace', async () => {
    const { createApiKey } = await nestor.ask<{ createApiKey: { key: string } }>(
      'mutation { createApiKey(input: { name: "reader", permissions: [DATA_READ] }) { key } }',
    );
    const reader = { 'x-api-key': createApiKey.key };
    await applyView('private');
    expect((await nestor.send(VIEW, { name: 'private' }, reader)).errors).toEqual([]);
    for (const [query, variables] of [
      [APPLY_VIEW, { input: viewInput('private') }],
      [APPLY_SERVICE, { input: { name: 'x', features: [{ view: 'private' }] } }],
      [CREATE_ENTITY, { input: { name: 'x', joinKeys: [] } }],
      [DELETE_VIEW, { name: 'private' }],
    ] as const) {
      expect((await nestor.send(query, variables, reader)).errors[0]?.extensions.code).toBe('FORBIDDEN');
    }
    await database.query("UPDATE feature_views SET workspace_id = gen_random_uuid() WHERE name = 'private'");
    expect(await nestor.ask(VIEW, { name: 'private' })).toEqual({ featureView: null });
    expect(await refusal(DELETE_VIEW, { name: 'private' })).toMatch(/^NOT_FOUND/);
  });

  it('keep a data source and the columns that they read', async () => {
    await createSource('orders');
    await applyView('orders', { source: { dataSource: 'orders' }, entities: ['shop'] });
    expect(await refusal(DELETE_SOURCE, { name: 'orders' })).toMatch(/^CONFLICT .*: orders\./);
    const retyped = [...without('amount', 'shop'), { name: 'shop', type: 'STRING' }];
    expect(await refusal(UPDATE_SOURCE, change(retyped))).toMatch(
      /^CONFLICT schema: .*orders reads shop INT64 \(now STRING\), amount FLOAT64 \(removed\)/,
    );
    await nestor.ask(UPDATE_SOURCE, change(without('raw', 'currency')));
    await applyView('orders', {
      source: { dataSource: 'orders' },
      entities: ['shop'],
      features: [{ name: 'customer' }],
    });
    await nestor.ask(UPDATE_SOURCE, change(without('amount')));
    await nestor.ask(DELETE_VIEW, { name: 'orders' });
    await nestor.ask(DELETE_SOURCE, { name: 'orders' });
  });

  it('lead to each other', async () => {
    await createSource('visits');
    const source = { dataSource: 'visits' };
    await applyView('visits', { source, entities: ['customer', 'shop'] });
    await applyView('visits-later', { source: { featureView: { name: 'visits' } } });
    await applyService('counter', [{ view: 'visits' }, { view: 'visits-later', as: 'later', feature: 'amount' }]);
    const graph = await nestor.ask(`{
      dataSource(name: "visits") { featureViews { name
        dataSource { name } upstream { name } entities { name featureViews(first: 1, after: "visits") { name } }
        versions { version } downstream { name upstream { name } } services { name features { as view { name } } } } }
      featureView(name: "visits-later") { upstream { name version } dataSource { name } services { name } }
    }`);
    const features = [
      { as: 'amount', view: { name: 'visits' } },
      { as: 'later', view: { name: 'visits-later' } },
    ];
    expect(graph).toEqual({
      dataSource: {
        featureViews: [
          {
            name: 'visits',
            dataSource: { name: 'visits' },
            upstream: null,
            entities: [
              { name: 'customer', featureViews: [{ name: 'visits-later' }] },
              { name: 'shop', featureViews: [] },
            ],
            versions: [{ version: 1 }],
            downstream: [{ name: 'visits-later', upstream: { name: 'visits' } }],
            services: [{ name: 'counter', features }],
          },
        ],
      },
      featureView: { upstream: { name: 'visits', version: 1 }, dataSource: null, services: [{ name: 'counter' }] },
    });
    expect(await refusal('{ featureViews(after: "x") { edges { cursor } } }', {})).toMatch(/^INVALID_CURSOR/);
  });
});
