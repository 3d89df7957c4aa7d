import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ask } from '../test/support/graphql.js';
import { type RunningFeast, installFeast, withFeast } from './support/feast.js';
import {
  type FeatureFiles,
  featuresOf,
  LABELS,
  makeFeatureFiles,
  MATERIALIZED,
  VIEWS,
} from './support/feature-data.js';
import { type Load, httpLoad, loadsInTurns } from './support/http-load.js';
import { type RunningNestor, withNestor } from './support/nestor.js';
import { perSecond, type Row } from './support/report.js';

const ROUNDS = 3;
const SECONDS = 3;
const CALLERS = 8;
const ENDED = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'REJECTED'];

/** The feature store as its users call it, beside Feast with the same data, views and Redis. */
export async function features(redisUrl: string): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'nestor-bench-features-'));
  try {
    await installFeast();
    const files = await makeFeatureFiles(folder);
    return await withNestor({ REDIS_URL: redisUrl, NESTOR_PREDICT_CONCURRENCY: '200' }, async (nestor) => {
      const store = new Client(nestor);
      await store.define(files);
      const materialized = await store.materializedPerSecond();
      return withFeast(files, redisUrl, async (feast) => [
        ...(await online(nestor, feast, 1)),
        ...(await online(nestor, feast, 100)),
        await trainingSets(store, files, feast),
        await materialize(materialized, redisUrl),
      ]);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const definitions = `
entities:
  - name: entity
    joinKeys: [{ name: entity, type: INT64 }]
featureViews:
${Array.from({ length: VIEWS }, (_, view) => viewOf(`view_${view}`, 'rows', featuresOf(view), 604_800)).join('')}
${viewOf('many', 'many', featuresOf(0), 604_800)}
${viewOf('observations', 'observations', ['one', 'two', 'three'], 604_800)}
featureServices:
  - name: bench
    features: [${Array.from({ length: VIEWS }, (_, view) => `{ view: view_${view} }`).join(', ')}]
  - name: training
    features: [{ view: observations }]
`;

function viewOf(name: string, source: string, names: readonly string[], ttlSeconds: number): string {
  return `  - name: ${name}
    source: { dataSource: ${source} }
    entities: [entity]
    eventTimeColumn: event
    ttlSeconds: ${ttlSeconds}
    features: [${names.map((feature) => `{ name: ${feature} }`).join(', ')}]
`;
}

const floats = (names: readonly string[]) => names.map((name) => ({ name, type: 'FLOAT64' }));

/** Calls of the GraphQL API. */
class Client {
  constructor(private readonly nestor: RunningNestor) {}

  async define(files: FeatureFiles): Promise<void> {
    const values = Array.from({ length: VIEWS }, (_, view) => featuresOf(view)).flat();
    await this.collect('rows', files.rows, floats(values));
    await this.collect('many', files.many, floats(featuresOf(0)));
    await this.collect('observations', files.observations, [
      ...floats(['one', 'two']),
      { name: 'three', type: 'STRING' },
    ]);
    await this.ask('mutation ($yaml: String!) { applyFeatureRepository(input: { yaml: $yaml }) { __typename } }', {
      yaml: definitions,
    });
    for (let view = 0; view < VIEWS; view += 1) await this.materialize(`view_${view}`);
  }

  /** Rows per second of one materialization, from when it began until it had ended. */
  async materializedPerSecond(): Promise<number> {
    const { startedAt, endedAt } = await this.materialize('many');
    return (MATERIALIZED * 1_000) / (Date.parse(endedAt) - Date.parse(startedAt));
  }

  async upload(path: string): Promise<string> {
    const response = await fetch(`${this.nestor.graphqlUrl}/api/artifacts`, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', ...this.nestor.headers },
      body: new Uint8Array(await readFile(path)),
    });
    return ((await response.json()) as { digest: string }).digest;
  }

  /** Seconds that one training set took, from when it began until it had ended. */
  async trainingSet(labels: string): Promise<number> {
    const { requestHistoricalFeatures: job } = await this.ask<{ requestHistoricalFeatures: { id: string } }>(
      `mutation ($labels: ID!) { requestHistoricalFeatures(input: {
         service: "training", eventTimeColumn: "event_timestamp", labels: { artifact: $labels } }) { id } }`,
      { labels },
    );
    const { startedAt, endedAt, rowCount } = await this.ended('historicalFeatures', job.id, 'rowCount');
    if (rowCount !== LABELS) throw new Error(`The training set has ${String(rowCount)} rows.`);
    return (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000;
  }

  private async collect(source: string, path: string, columns: readonly object[]): Promise<void> {
    const times = [
      { name: 'entity', type: 'INT64' },
      { name: 'event', type: 'TIMESTAMP' },
    ];
    await this.ask('mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { id } }', {
      input: { name: source, kind: 'FILE', schema: { columns: [...times, ...columns] } },
    });
    const { collectDataSource: run } = await this.ask<{ collectDataSource: { id: string } }>(
      'mutation ($source: String!, $artifact: ID!) { collectDataSource(input: { source: $source, artifact: $artifact }) { id } }',
      { source, artifact: await this.upload(path) },
    );
    await this.ended('dataCollection', run.id);
  }

  private async materialize(view: string) {
    const { materializeFeatureView: run } = await this.ask<{ materializeFeatureView: { id: string } }>(
      'mutation ($view: String!) { materializeFeatureView(input: { view: $view }) { id } }',
      { view },
    );
    return this.ended('featureMaterialization', run.id);
  }

  /** Waits for the end of something that takes long. */
  private async ended(query: string, id: string, more = '') {
    for (;;) {
      type Run = { status: string; startedAt: string; endedAt: string; rowCount?: number; error: object | null };
      const answer = await this.ask<Record<string, Run>>(
        `query ($id: ID!) { ${query}(id: $id) { status startedAt endedAt ${more} error { code message } } }`,
        { id },
      );
      const run = answer[query];
      if (run?.status === 'SUCCEEDED') return run;
      if (run === undefined || ENDED.includes(run.status)) throw new Error(`${query}: ${JSON.stringify(run)}`);
      await sleep(100);
    }
  }

  private ask<Data>(query: string, variables: Readonly<Record<string, unknown>>): Promise<Data> {
    return ask<Data>(this.nestor.graphqlUrl, query, variables, this.nestor.headers);
  }
}

async function online(nestor: RunningNestor, feast: RunningFeast, count: number): Promise<Row[]> {
  const entity = Array.from({ length: count }, (_, index) => index * 7 + 3);
  const body = JSON.stringify({ feature_service: 'bench', entities: { entity } });
  const query = `query ($entities: [JSONObject!]!) {
    onlineFeatures(input: { service: "bench", entities: $entities }) { features { name values statuses eventTimes } } }`;
  const graphql = JSON.stringify({ query, variables: { entities: entity.map((each) => ({ entity: each })) } });
  // The square root of the first entity: a value of its first feature.
  const load = { concurrency: CALLERS, seconds: SECONDS, expects: String(Math.sqrt(3)).slice(0, 12) };
  const loads: Load[] = [
    { ...load, url: `${feast.url}/get-online-features`, headers: {}, body },
    { ...load, url: `${nestor.graphqlUrl}/feast/get-online-features`, headers: nestor.headers, body },
    { ...load, url: `${nestor.graphqlUrl}/graphql`, headers: nestor.headers, body: graphql },
  ];
  for (const each of loads) await httpLoad(each);
  const [theirs, http, graph] = await loadsInTurns(loads, ROUNDS);
  if (theirs === undefined || http === undefined || graph === undefined) throw new Error('A load gave no result.');
  const what = `${VIEWS * 10} features over ${VIEWS} views of ${count} ${count === 1 ? 'entity' : 'entities'}, ${CALLERS} callers`;
  const ways = [
    ["Feast's HTTP API", http],
    ['GraphQL', graph],
  ] as const;
  return ways.flatMap(([way, ours]) => [
    {
      what: `${what}, by ${way}`,
      figure: perSecond(ours.perSecond),
      against: `feast serve ${perSecond(theirs.perSecond)}`,
      ratio: ours.perSecond / theirs.perSecond,
      aim: 5,
    },
    {
      what: `${what}, by ${way}, p99`,
      figure: `${ours.p99Ms} ms`,
      against: `feast serve ${theirs.p99Ms} ms`,
      ratio: theirs.p99Ms / ours.p99Ms,
      aim: 3,
    },
  ]);
}

async function trainingSets(store: Client, files: FeatureFiles, feast: RunningFeast): Promise<Row> {
  const labels = await store.upload(files.labels);
  const ours: number[] = [];
  const theirs: number[] = [];
  let found = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await store.trainingSet(labels));
    const set = await feast.trainingSet();
    theirs.push(set.seconds);
    found = set.rows;
  }
  const [our = 0, their = 0] = [ours, theirs].map((all) => all.sort((one, other) => one - other)[1] ?? 0);
  return {
    what: `training set, 1M rows × 200k labels: the whole job, checks and upload of the result included`,
    figure: `${our.toFixed(2)} s, ${LABELS.toLocaleString('en-US')} rows`,
    against: `Feast's offline store, the call alone ${their.toFixed(2)} s, ${found.toLocaleString('en-US')} rows`,
    ratio: their / our,
    aim: 10,
  };
}

/** Beside HSETs of the same values that are pipelined 1,000 at a time by a client that does nothing else. */
async function materialize(rate: number, redisUrl: string): Promise<Row> {
  const redis = new Redis(redisUrl);
  const prefix = `nestor:bench:${process.pid}:`;
  const startedAt = performance.now();
  const names = featuresOf(0);
  for (let start = 0; start < MATERIALIZED; start += 1_000) {
    const pipeline = redis.pipeline();
    for (let entity = start; entity < start + 1_000; entity += 1) {
      const values = names.flatMap((name, index) => [name, String(Math.sqrt(entity + index))]);
      pipeline.hset(`${prefix}${entity}`, ...values).expire(`${prefix}${entity}`, 600);
    }
    await pipeline.exec();
  }
  const bare = (MATERIALIZED * 1_000) / (performance.now() - startedAt);
  redis.disconnect();
  return {
    what: `materialize ${MATERIALIZED.toLocaleString('en-US')} rows of 10 features to Redis, beside pipelined HSET and EXPIRE ${perSecond(bare)}`,
    figure: perSecond(rate),
    against: 'limit 100,000/s',
    ratio: rate / 100_000,
    aim: 1,
  };
}
