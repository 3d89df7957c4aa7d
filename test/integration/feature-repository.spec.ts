import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definitionsOf, viewInput } from '../support/feature-definitions.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const APPLY = `mutation ($input: ApplyFeatureRepositoryInput!) { applyFeatureRepository(input: $input) {
  isApplied changes { kind name change version fields } } }`;
const STATE = `{ featureEntities { edges { node { name description } } }
  featureViews { edges { node { name version } } } featureServices { edges { node { name version } } } }`;

const FILE = `# Views come before what they read: the order does not matter.
featureViews:
  - name: spending-log
    source: { featureView: { name: spending } }
    entities: [customer]
    transformation:
      version: 1
      steps:
        - { kind: LOG1P, input: amount, output: amount_log }
        - { kind: SQL, expression: amount > 100, type: BOOLEAN, output: is_large }
    features: [{ name: amount_log }, { name: is_large }]
  - name: spending
    description: What customers spend
    source: { dataSource: payments }
    entities: [customer]
    ttlSeconds: 3600
    features:
      - { name: amount, type: FLOAT64, description: In euros }
featureServices:
  - name: fraud
    features: [{ view: spending-log }, { view: spending, feature: amount, as: spent }]
entities:
  - name: customer
    joinKeys: [{ name: customer, type: STRING }]
`;

interface Plan {
  readonly isApplied: boolean;
  readonly changes: readonly {
    kind: string;
    name: string;
    change: string;
    version: number | null;
    fields: readonly string[];
  }[];
}

let nestor: TestNestor;
let database: pg.Client;
const { applyView, createSource, refusal } = definitionsOf(() => nestor);
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false });
  database = new pg.Client({ connectionString: nestor.settings.DATABASE_URL });
  await database.connect();
  await createSource('payments');
});
afterAll(async () => {
  await database.end();
  await nestor.close();
});

async function apply(yaml: string, more: object = {}): Promise<Plan> {
  const { applyFeatureRepository } = await nestor.ask<{ applyFeatureRepository: Plan }>(APPLY, {
    input: { yaml, ...more },
  });
  return applyFeatureRepository;
}

/** What becomes of each definition, in short. */
const told = ({ changes }: Plan) =>
  changes.map(({ name, change, version, fields }) =>
    [name, change, ...(version === null ? [] : [version]), ...fields].join(' '),
  );

const state = async () => JSON.stringify(await nestor.ask(STATE));

const refused = (yaml: string, more: object = {}) => refusal(APPLY, { input: { yaml, ...more } });

describe('a file of definitions', () => {
  it('is planned, applied as a whole, and changes nothing when it is applied again', async () => {
    const before = await state();
    const planned = await apply(FILE, { dryRun: true });
    expect(planned.isApplied).toBe(false);
    expect(told(planned)).toEqual(['customer CREATE', 'spending CREATE 1', 'spending-log CREATE 1', 'fraud CREATE 1']);
    expect(await state()).toBe(before);
    const applied = await apply(FILE);
    expect(applied).toEqual({ isApplied: true, changes: planned.changes });
    expect(told(await apply(FILE))).toEqual([
      'customer UNCHANGED',
      'spending UNCHANGED 1',
      'spending-log UNCHANGED 1',
      'fraud UNCHANGED 1',
    ]);
    const { rows } = await database.query<{ action: string }>(
      `SELECT action FROM audit_events WHERE resource_type LIKE 'feature-%' AND outcome = 'SUCCESS' ORDER BY id LIMIT 6`,
    );
    expect(rows.map(({ action }) => action).sort()).toEqual([
      'feature-entity.create',
      'feature-repository.apply',
      'feature-repository.plan',
      'feature-service.apply',
      'feature-view.apply',
      'feature-view.apply',
    ]);
  });

  it('tells what differs, and passes new versions on to those who do not pin one', async () => {
    const changed = FILE.replace('ttlSeconds: 3600', 'ttlSeconds: 60').replace(
      '- name: customer\n',
      '- name: customer\n    description: Who pays\n',
    );
    const plan = [
      'customer UPDATE description',
      'spending NEW_VERSION 2 ttlSeconds',
      'spending-log NEW_VERSION 2 source',
      'fraud NEW_VERSION 2 features',
    ];
    expect(told(await apply(changed, { dryRun: true }))).toEqual(plan);
    expect(told(await apply(changed))).toEqual(plan);
    expect(await state()).toContain('Who pays');
  });

  it('deletes what it does not name, if it is told to', async () => {
    await applyView('old');
    await applyView('old-log', viewInput('old-log', { source: { featureView: { name: 'old' } } }));
    expect(told(await apply(FILE, { dryRun: true }))).not.toContain('old DELETE');
    const [head = ''] = FILE.split('featureServices:');
    const entities = FILE.slice(FILE.indexOf('entities:\n  - name: customer'));
    const plan = await apply(head + entities, { prune: true });
    expect(told(plan).slice(3)).toEqual(['fraud DELETE', 'old-log DELETE', 'old DELETE']);
    expect(await refused('# nothing', { prune: true })).toMatch(/^INVALID_INPUT yaml: line 1/);
    expect(await refused(head, { prune: true })).toMatch(/^CONFLICT .*customer/);
    expect(told(await apply('entities: []', { prune: true }))).toEqual([
      'spending-log DELETE',
      'spending DELETE',
      'customer DELETE',
    ]);
    expect(await state()).not.toContain('customer');
  });

  it('is undone as a whole where one definition is wrong, and told by line and column', async () => {
    const before = await state();
    const wrong = FILE.replace('feature: amount, as: spent', 'feature: amonut');
    expect(await refused(wrong)).toMatch(
      /^INVALID_INPUT yaml: line 21, column 67: featureServices\[0\]\.features\[1\]\.feature: .*no feature "amonut"/,
    );
    expect(await state()).toBe(before);
  });

  it.each<[string, (file: string) => string, RegExp]>([
    [
      'a source that there is not',
      (file) => file.replace('payments', 'nothing'),
      /^NOT_FOUND yaml: line 14, column 13: featureViews\[1\]\.source: /,
    ],
    [
      'a step that does not fit',
      (file) => file.replace('input: amount', 'input: total'),
      /^INVALID_TRANSFORMATION yaml: line 9, column 33: featureViews\[0\]\.transformation\.steps\[0\]\.input: /,
    ],
    [
      'an expression',
      (file) => file.replace('amount > 100', 'random() > 1'),
      /^INVALID_EXPRESSION yaml: line 10, column 36: .*random cannot be used/,
    ],
    [
      'an unknown field',
      (file) => file.replace('ttlSeconds', 'ttl'),
      /^INVALID_INPUT yaml: line 16, column 5: featureViews\[1\]: .*"ttl"/,
    ],
    [
      'a name twice',
      (file) => file.replace('name: spending\n', 'name: spending-log\n'),
      /^INVALID_INPUT yaml: line 12, column 11: .*twice/,
    ],
    [
      'views in a circle',
      (file) => file.replace('{ dataSource: payments }', '{ featureView: { name: spending-log } }'),
      /^INVALID_INPUT yaml: line \d+, column \d+: featureViews\[\d\]\.source: .*circle: .*spending/,
    ],
    [
      'a type',
      (file) => file.replace('type: STRING', 'type: TEXT'),
      /^INVALID_INPUT yaml: line 24, column 40: entities\[0\]\.joinKeys\[0\]\.type: /,
    ],
    [
      'keys of floats',
      (file) => file.replace('type: STRING', 'type: FLOAT64'),
      /^INVALID_INPUT yaml: line 24, column 40: entities\[0\]\.joinKeys\[0\]\.type: /,
    ],
    [
      'two sources',
      (file) => file.replace('dataSource: payments', 'dataSource: payments, request: {}'),
      /^INVALID_INPUT yaml: line 14, column 13: featureViews\[1\]\.source: name exactly one/,
    ],
    ['no YAML', (file) => `${file}  ]`, /^INVALID_INPUT yaml: line 25, column 3: /],
    ['too much', (file) => file + '#'.repeat(256 * 1024), /^INVALID_INPUT yaml: .*at most 262144 bytes/],
  ])('is refused for %s', async (_, change, message) => {
    expect(await refused(change(FILE), { dryRun: true })).toMatch(message);
  });

  it('needs the permission to define', async () => {
    const { createApiKey } = await nestor.ask<{ createApiKey: { key: string } }>(
      'mutation { createApiKey(input: { name: "reader", permissions: [DATA_READ] }) { key } }',
    );
    const answer = await nestor.send(APPLY, { input: { yaml: 'entities: []' } }, { 'x-api-key': createApiKey.key });
    expect(answer.errors[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it('does not change the keys of an entity', async () => {
    await apply(FILE);
    const rekeyed = FILE.replace('{ name: customer, type: STRING }', '{ name: shop, type: INT64 }');
    expect(await refused(rekeyed)).toMatch(
      /^CONFLICT yaml: line 24, column 15: entities\[0\]\.joinKeys: .*customer STRING/,
    );
  });
});
