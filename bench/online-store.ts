import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { OnlineRead, OnlineView, OnlineWrite } from '../src/modules/feature-store/online/online-store.js';
import { RedisOnlineStore } from '../src/modules/feature-store/online/redis-online-store.js';
import { perSecond, type Row } from './support/report.js';
import { inTurns } from './support/rounds.js';

const VIEWS = 5;
const FEATURES = 10;
const ENTITIES = 10_000;
const WRITTEN_TOGETHER = 1_000;
const CALLERS = 8;
const ROUNDS = 5;
/** How long one turn of reading takes, in milliseconds. */
const TURN_MS = 1_000;

const features = Array.from({ length: FEATURES }, (_, index) => ({
  name: `feature_${index}`,
  type: 'FLOAT64' as const,
}));
const names = features.map(({ name }) => name);
const values = features.map((_, index) => Math.sqrt(index + 2));
const entities = Array.from({ length: ENTITIES }, (_, index) => index);

/** The online store on Redis beside the commands alone that hold the same values, in one process, on one connection. */
export async function onlineStore(redisUrl: string): Promise<Row[]> {
  const redis = new Redis(redisUrl);
  const prefix = `nestor:bench:${randomUUID()}:`;
  const store = new RedisOnlineStore(redis);
  const views = Array.from({ length: VIEWS }, newView);
  try {
    const [write = 0, bareWrite = 0] = await ratesInTurns(
      () => rowsPerSecond((view, part) => store.write(view, part.map(rowOf)), views),
      () => rowsPerSecond((view, part) => bareWriteOf(redis, prefix + view.id, part), views),
    );
    return [
      ...(await readRows(store, redis, views, prefix, 1)),
      ...(await readRows(store, redis, views, prefix, 100)),
      {
        what: `online store, write rows of ${FEATURES} features, newest event time wins`,
        figure: perSecond(write),
        against: `pipelined HSET ${perSecond(bareWrite)}`,
        ratio: write / bareWrite,
        aim: 0.5,
      },
    ];
  } finally {
    for (const view of views) {
      await store.removeView(view);
      await redis.unlink(entities.map((entity) => `${prefix}${view.id}:${entity}`));
    }
    redis.disconnect();
  }
}

const ratesInTurns = (...measures: readonly (() => Promise<number>)[]): Promise<number[]> =>
  inTurns(measures, ROUNDS, (rate) => rate);

function newView(): OnlineView {
  const keys = [{ name: 'entity', type: 'INT64' as const }];
  return { workspaceId: randomUUID(), id: randomUUID(), name: 'bench', keys, features, ttlMs: 24 * 3_600_000 };
}

const rowOf = (entity: number): OnlineWrite => ({ entity: [entity], eventTime: Date.now(), createdTime: null, values });

async function bareWriteOf(redis: Redis, prefix: string, part: readonly number[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const entity of part) {
    pipeline.hset(`${prefix}:${entity}`, ...names.flatMap((name, index) => [name, String(values[index])]));
  }
  await pipeline.exec();
}

/** Rows written per second: every entity of every view once, a batch at a time. */
async function rowsPerSecond(
  write: (view: OnlineView, part: readonly number[]) => Promise<unknown>,
  views: readonly OnlineView[],
): Promise<number> {
  const startedAt = performance.now();
  for (const view of views) {
    for (let start = 0; start < ENTITIES; start += WRITTEN_TOGETHER) {
      await write(view, entities.slice(start, start + WRITTEN_TOGETHER));
    }
  }
  return (views.length * ENTITIES * 1_000) / (performance.now() - startedAt);
}

async function readRows(
  store: RedisOnlineStore,
  redis: Redis,
  views: readonly OnlineView[],
  prefix: string,
  count: number,
): Promise<Row[]> {
  const wanted = (): number[] => Array.from({ length: count }, () => Math.floor(Math.random() * ENTITIES));
  const throughStore = async (): Promise<void> => {
    const keys = wanted().map((entity) => [entity]);
    const answers = await store.read(views.map((view): OnlineRead => ({ view, features: names, entities: keys })));
    for (const rows of answers)
      for (const row of rows) check(row.values.length === FEATURES && row.values[9] === values[9]);
  };
  const bare = async (): Promise<void> => {
    const keys = wanted();
    const pipeline = redis.pipeline();
    for (const view of views) for (const entity of keys) pipeline.hmget(`${prefix}${view.id}:${entity}`, ...names);
    for (const [, answer] of (await pipeline.exec()) ?? []) {
      check(Array.isArray(answer) && answer.length === FEATURES && answer[9] === String(values[9]));
    }
  };
  const [read = 0, bareRead = 0] = await ratesInTurns(
    () => callsPerSecond(throughStore),
    () => callsPerSecond(bare),
  );
  return [
    {
      what: `online store, read ${VIEWS * FEATURES} features over ${VIEWS} views of ${count} ${count === 1 ? 'entity' : 'entities'}`,
      figure: perSecond(read),
      against: `pipelined HMGET ${perSecond(bareRead)}`,
      ratio: read / bareRead,
      aim: 0.5,
    },
  ];
}

function check(isRight: boolean): void {
  if (!isRight) throw new Error('Redis holds something else than was written.');
}

async function callsPerSecond(call: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  let calls = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - startedAt < TURN_MS) {
      await call();
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return (calls * 1_000) / (performance.now() - startedAt);
}
