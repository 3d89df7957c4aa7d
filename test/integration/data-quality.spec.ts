import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSourcesClient } from '../support/data-sources.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const QUALITY = `query ($source: String!, $after: String) { dataQuality(source: $source, first: 1, after: $after) {
  edges { node { id measuredAt snapshotVersion rows rowsQuarantined completeness uniqueness validity consistency timeliness
    columns { column completeness uniqueness validity } rules { rule score rows broken error referencedVersion }
    breaches { dimension column rule score threshold } } } pageInfo { endCursor hasNextPage } } }`;
const EXPECT = `mutation ($input: SetDataQualityExpectationsInput!) { setDataQualityExpectations(input: $input) {
  thresholds { completeness uniqueness validity consistency timeliness } maxSilenceSeconds
  columnThresholds { column dimension threshold } expressions { name expression } references { name source } } }`;
const EXPECTATIONS = `query ($source: String!) { dataQualityExpectations(source: $source) {
  thresholds { completeness timeliness } expressions { name } references { name column source sourceColumn } } }`;
const ISSUES = `query ($source: String!) { dataIssues(filter: { source: $source }) { edges { node {
  kind status aspect message evidence } } } }`;

interface Quality {
  readonly id: string;
  readonly measuredAt: string;
  readonly snapshotVersion: number;
  readonly rules: readonly { rule: string; score: number | null; referencedVersion: number | null }[];
  readonly breaches: readonly object[];
}
interface Issue {
  readonly kind: string;
  readonly status: string;
  readonly aspect: string;
  readonly evidence: object;
}

const people = {
  policy: 'WARN',
  schema: {
    keyColumns: ['id'],
    eventTimeColumn: 'seen',
    maxAgeSeconds: 3600,
    columns: [
      { name: 'id', type: 'INT64', isNullable: false },
      { name: 'team', type: 'STRING' },
      { name: 'age', type: 'FLOAT64', minimum: 0, maximum: 120 },
      { name: 'seen', type: 'TIMESTAMP' },
    ],
  },
} as const;
const hourAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
const peopleCsv = (rows: readonly string[]) => ['id,team,age,seen', ...rows].join('\n');
const person = (id: number, { team = 'red', age = '30', seen = hourAgo(0) } = {}) => `${id},${team},${age},${seen}`;
const persons = (count: number) => Array.from({ length: count }, (_, at) => person(at + 1));

let nestor: TestNestor;
let client: DataSourcesClient;
let database: pg.Client;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false, overrides: { NESTOR_DATA_QUALITY_MS: '250' } });
  client = new DataSourcesClient(nestor);
  database = new pg.Client({ connectionString: nestor.settings.DATABASE_URL });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await nestor.close();
});

async function newest(source: string): Promise<Quality | undefined> {
  const { dataQuality } = await nestor.ask<{ dataQuality: { edges: { node: Quality }[] } }>(QUALITY, { source });
  return dataQuality.edges[0]?.node;
}

/** The newest measurement, once one is as it should be. */
async function measured(source: string, isRight: (quality: Quality) => boolean): Promise<Quality> {
  for (;;) {
    const quality = await newest(source);
    if (quality !== undefined && isRight(quality)) return quality;
    await sleep(50);
  }
}
const atVersion = (version: number) => (quality: Quality) => quality.snapshotVersion === version;

const issuesOf = async (source: string): Promise<Issue[]> =>
  (await nestor.ask<{ dataIssues: { edges: { node: Issue }[] } }>(ISSUES, { source })).dataIssues.edges.map(
    ({ node }) => node,
  );
/** What is wrong with a source, once that is all. */
async function untilIssues(source: string, expected: readonly string[]): Promise<void> {
  await expect
    .poll(async () => (await issuesOf(source)).map(({ status, aspect }) => `${status} ${aspect}`).sort(), {
      timeout: 20_000,
    })
    .toEqual(expected.toSorted());
}

const codeOf = async (query: string, variables: Readonly<Record<string, unknown>>, headers = nestor.key) =>
  (await nestor.send(query, variables, headers)).errors[0]?.extensions.code;

describe('quality of data', () => {
  it('is measured after a collection, and planted faults open issues that resolve when the data is right again', async () => {
    await client.create('people', people);
    await client.collect('people', peopleCsv(persons(20)));
    expect(await measured('people', atVersion(1))).toMatchObject({
      rows: 20,
      rowsQuarantined: 0,
      completeness: 1,
      uniqueness: 1,
      validity: 1,
      consistency: null,
      timeliness: 1,
      breaches: [],
      columns: [
        { column: 'id', completeness: 1, uniqueness: 1, validity: 1 },
        { column: 'team', completeness: 1, uniqueness: null, validity: 1 },
        { column: 'age', completeness: 1, uniqueness: null, validity: 1 },
        { column: 'seen', completeness: 1, uniqueness: null, validity: 1 },
      ],
    });
    expect(await issuesOf('people')).toEqual([]);
    const old = hourAgo(2);
    const faulty = [
      ...[1, 2, 3, 4].map((id) => person(id, { team: '', seen: old })),
      ...[5, 5, 5, 5].map((id) => person(id, { seen: old })),
      person(6, { age: '400', seen: old }),
      person(7, { age: 'many', seen: old }),
    ];
    await client.collect('people', peopleCsv(faulty));
    const found = await measured('people', atVersion(2));
    expect(found).toMatchObject({ rows: 10, completeness: 35 / 40, uniqueness: 0.7, validity: 0.8 });
    await untilIssues('people', [
      'OPEN COMPLETENESS',
      'OPEN COMPLETENESS of team',
      'OPEN UNIQUENESS',
      'OPEN UNIQUENESS of id',
      'OPEN VALIDITY',
      'OPEN VALIDITY of age',
      'OPEN TIMELINESS',
    ]);
    const team = (await issuesOf('people')).find(({ aspect }) => aspect === 'COMPLETENESS of team');
    expect(team).toMatchObject({
      kind: 'QUALITY',
      message: 'COMPLETENESS of team is 0.6; 0.9 is expected.',
      evidence: { column: 'team', score: 0.6, threshold: 0.9, rows: 10, snapshotVersion: 2 },
    });
    // Measured again and again, nothing is opened twice.
    await measured('people', ({ measuredAt }) => measuredAt > found.measuredAt);
    expect(await issuesOf('people')).toHaveLength(7);
    const metrics = await (await fetch(`${nestor.workerManagementUrl}/metrics`)).text();
    expect(metrics).toMatch(/nestor_data_issues\{kind="QUALITY"\} \d/);
    await client.collect('people', peopleCsv(persons(20)));
    await expect
      .poll(async () => new Set((await issuesOf('people')).map(({ status }) => status)), { timeout: 20_000 })
      .toEqual(new Set(['RESOLVED']));
    const { rows } = await database.query<{ action: string; count: number }>(
      `SELECT action, count(*)::int AS count FROM audit_events WHERE resource_type = 'data-issue' GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { action: 'data-issue.open', count: 7 },
      { action: 'data-issue.resolve', count: 7 },
    ]);
  });

  it('holds declared rules across columns and sources, also when the other source changes', async () => {
    const teams = { schema: { columns: [{ name: 'name', type: 'STRING' }] } };
    await client.create('teams', teams);
    await client.create('members', people);
    await client.collect('members', peopleCsv([...persons(8), person(9, { team: 'blue', age: '3' }), person(10)]));
    const rules = {
      expressions: [{ name: 'grown-up', expression: 'age >= 18 OR team IS NULL' }],
      references: [{ name: 'team', column: 'team', source: 'teams', sourceColumn: 'name' }],
    };
    const { setDataQualityExpectations } = await nestor.ask<{ setDataQualityExpectations: object }>(EXPECT, {
      input: { source: 'members', ...rules, thresholds: { consistency: 0.95 }, maxSilenceSeconds: 60 },
    });
    expect(setDataQualityExpectations).toMatchObject({
      thresholds: { completeness: 0.9, uniqueness: 0.95, validity: 0.95, consistency: 0.95, timeliness: 0.8 },
      maxSilenceSeconds: 60,
    });
    await untilIssues('members', ['OPEN CONSISTENCY of rule grown-up', 'OPEN CONSISTENCY of rule team']);
    expect(await newest('members')).toMatchObject({
      rules: [
        { rule: 'grown-up', score: 0.9, rows: 10, broken: 1 },
        { rule: 'team', score: null, error: 'The data source teams has no data, or was deleted.' },
      ],
    });
    await client.collect('teams', 'name\nred\n');
    const half = await measured('members', (quality) => quality.rules[1]?.referencedVersion === 1);
    expect(half).toMatchObject({ consistency: 0.9, rules: [{}, { score: 0.9, rows: 10, broken: 1, error: null }] });
    await client.collect('teams', 'name\nred\nblue\n');
    await untilIssues('members', ['OPEN CONSISTENCY of rule grown-up', 'RESOLVED CONSISTENCY of rule team']);
    await nestor.ask(EXPECT, { input: { source: 'members', thresholds: { consistency: 0.5 }, ...rules } });
    await untilIssues('members', ['RESOLVED CONSISTENCY of rule grown-up', 'RESOLVED CONSISTENCY of rule team']);
    expect(await nestor.ask(EXPECTATIONS, { source: 'members' })).toEqual({
      dataQualityExpectations: {
        thresholds: { completeness: 0.9, timeliness: 0.8 },
        expressions: [{ name: 'grown-up' }],
        references: [{ name: 'team', column: 'team', source: 'teams', sourceColumn: 'name' }],
      },
    });
  });

  it('counts rows that were left out, sums up increments, and is kept as history by page', async () => {
    await client.create('added', { ...people, policy: 'QUARANTINE', mode: 'APPEND' });
    await client.collect('added', peopleCsv([...persons(8), person(9, { age: '-1' }), person(10, { age: 'x' })]));
    expect(await measured('added', atVersion(1))).toMatchObject({ rows: 8, rowsQuarantined: 2, validity: 0.8 });
    await client.collect('added', peopleCsv([person(1, { team: '' }), person(2)]));
    const added = await measured('added', atVersion(2));
    expect(added).toMatchObject({
      rows: 10,
      rowsQuarantined: 2,
      uniqueness: 1,
      validity: 10 / 12,
      completeness: 39 / 40,
    });
    const first = await nestor.ask<{ dataQuality: { pageInfo: { endCursor: string }; edges: { node: Quality }[] } }>(
      QUALITY,
      { source: 'added' },
    );
    const after = first.dataQuality.pageInfo.endCursor;
    const second = await nestor.ask<typeof first>(QUALITY, { source: 'added', after });
    const [one, other] = [first, second].map(({ dataQuality }) => dataQuality.edges[0]?.node.measuredAt ?? '');
    expect(Date.parse(other ?? '')).toBeLessThan(Date.parse(one ?? ''));
  });

  it('is forgotten with its source, and its issues are resolved', async () => {
    await client.create('short', people);
    await client.collect('short', peopleCsv([person(1, { age: '500' })]));
    await untilIssues('short', ['OPEN VALIDITY', 'OPEN VALIDITY of age']);
    await nestor.ask('mutation { deleteDataSource(input: { name: "short" }) { name } }');
    await untilIssues('short', ['RESOLVED VALIDITY', 'RESOLVED VALIDITY of age']);
    const { rows } = await database.query(
      `SELECT 1 FROM data_quality_schedules AS due JOIN data_sources ON data_sources.id = due.source_id WHERE name = 'short'`,
    );
    expect(rows).toEqual([]);
    expect(await codeOf(QUALITY, { source: 'short' })).toBe('NOT_FOUND');
  });

  it.each<[string, object, string, RegExp]>([
    [
      'an unknown column',
      { columnThresholds: [{ column: 'x', dimension: 'VALIDITY', threshold: 0 }] },
      'INVALID_INPUT',
      /x/,
    ],
    [
      'uniqueness of what is no key',
      { columnThresholds: [{ column: 'age', dimension: 'UNIQUENESS', threshold: 0 }] },
      'INVALID_INPUT',
      /age/,
    ],
    ['a threshold above 1', { thresholds: { validity: 2 } }, 'INVALID_INPUT', /validity/],
    [
      'an unknown column in a rule',
      { expressions: [{ name: 'r', expression: 'x > 1' }] },
      'INVALID_EXPRESSION',
      /Rule r/,
    ],
    ['an aggregate', { expressions: [{ name: 'r', expression: 'sum(age) > 1' }] }, 'INVALID_EXPRESSION', /Rule r/],
    [
      'a look at files',
      { expressions: [{ name: 'r', expression: `(SELECT count(*) FROM read_csv('/etc/passwd')) > 1` }] },
      'INVALID_EXPRESSION',
      /Rule r/,
    ],
    ['a bad name', { expressions: [{ name: 'r r', expression: 'true' }] }, 'INVALID_INPUT', /r r/],
    [
      'two rules of one name',
      { expressions: [1, 2].map(() => ({ name: 'r', expression: 'true' })) },
      'INVALID_INPUT',
      /two named r/,
    ],
    [
      'an unknown source',
      { references: [{ name: 'r', column: 'id', source: 'nobody', sourceColumn: 'id' }] },
      'NOT_FOUND',
      /nobody/,
    ],
    [
      'an unknown column of a source',
      { references: [{ name: 'r', column: 'id', source: 'refused', sourceColumn: 'x' }] },
      'INVALID_INPUT',
      /x in data source/,
    ],
  ])('cannot be expected with %s', async (_, given, code, message) => {
    await client.create('refused', people).catch(() => undefined);
    const { errors } = await nestor.send(EXPECT, { input: { source: 'refused', ...given } });
    expect(errors[0]?.extensions.code).toBe(code);
    expect(errors[0]?.message).toMatch(message);
  });

  it('needs permissions', async () => {
    const { createApiKey } = await nestor.ask<{ createApiKey: { key: string } }>(
      'mutation { createApiKey(input: { name: "quality reader", permissions: [DATA_READ] }) { key } }',
    );
    const reader = { 'x-api-key': createApiKey.key };
    await client.create('guarded', people);
    expect(await codeOf(QUALITY, { source: 'guarded' }, reader)).toBeUndefined();
    expect(await codeOf(EXPECT, { input: { source: 'guarded' } }, reader)).toBe('FORBIDDEN');
    await database.query(`UPDATE data_sources SET workspace_id = gen_random_uuid() WHERE name = 'guarded'`);
    expect(await codeOf(QUALITY, { source: 'guarded' })).toBe('NOT_FOUND');
  });
});
