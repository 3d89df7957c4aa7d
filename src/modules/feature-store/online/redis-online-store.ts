import { randomUUID } from 'node:crypto';
import type { ChainableCommander, Redis } from 'ioredis';
import { partsOf } from '../../../common/collections/parts-of.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import {
  assertFeatures,
  onlineRow,
  storedKey,
  storedRow,
  type StoredRow,
  storedRows,
  wholeKey,
} from './online-rows.rules.js';
import {
  type EntityKey,
  type HistoryWrite,
  type KeptHistory,
  type OnlineRead,
  type OnlineRow,
  OnlineStore,
  type OnlineView,
  type OnlineWrite,
  type OnlineWritten,
} from './online-store.js';
import { storeOutage } from './store-outage.js';

/** Keys of ours in a Redis that others may share. */
const PREFIX = 'nestor:online:';

/** The field of a row's times. No feature has a name without characters. */
const TIMES = '';

/** The fields of what is kept beside a row. No column has U+0000 in its name. */
const HISTORY = '\u0000history';
const REVISION = '\u0000revision';

/** Rows that one run of the script writes: as long as a few commands, so that nobody waits for it. */
const ROWS_PER_SCRIPT = 50;

/** Commands that are sent together: what is in memory at once is bounded by it. */
const SCRIPTS_PER_PIPELINE = 20;
const READS_PER_PIPELINE = 1_000;
const HISTORIES_PER_PIPELINE = 200;
const REMOVED_TOGETHER = 500;

/**
 * Redis runs a script as one step. KEYS are the rows' hashes. ARGV: how many arguments a row has, then for each row its
 * event time, its created time or nothing, when it expires or nothing, and the fields and values of the hash. A number of
 * Lua holds whole microseconds exactly. Answer: how many rows were written.
 */
const WRITE = `
  local width = tonumber(ARGV[1])
  local written = 0
  for row = 1, #KEYS do
    local key, first = KEYS[row], 2 + (row - 1) * width
    local event, created, expiry = tonumber(ARGV[first]), tonumber(ARGV[first + 1]) or -math.huge, ARGV[first + 2]
    local held = redis.call('HGET', key, '${TIMES}')
    local older = false
    if held then
      local heldEvent, heldCreated = string.match(held, '^(%S+) (%S*)$')
      heldEvent, heldCreated = tonumber(heldEvent), tonumber(heldCreated) or -math.huge
      older = event < heldEvent or (event == heldEvent and created < heldCreated)
    end
    if not older then
      redis.call('HSET', key, unpack(ARGV, first + 3, first + width - 1))
      if expiry ~= '' then redis.call('PEXPIREAT', key, expiry) elseif held then redis.call('PERSIST', key) end
      written = written + 1
    end
  end
  return written`;

/**
 * KEYS is a row's hash. ARGV: the revision of its history that was read, or nothing, and the fields and values of the
 * hash. Answer: 1 where it was written.
 */
const REPLACE = `
  if (redis.call('HGET', KEYS[1], '\\0revision') or '') ~= ARGV[1] then return 0 end
  redis.call('HSET', KEYS[1], unpack(ARGV, 2))
  redis.call('PERSIST', KEYS[1])
  return 1`;

/** One hash for each entity and view: a field for each feature, and one for the times of the row. */
export class RedisOnlineStore extends OnlineStore {
  constructor(private readonly redis: Redis) {
    super();
  }

  override async write(view: OnlineView, rows: readonly OnlineWrite[]): Promise<OnlineWritten> {
    const stored = storedRows(view, rows, Date.now());
    let written = 0;
    for (const part of partsOf(stored, ROWS_PER_SCRIPT * SCRIPTS_PER_PIPELINE)) {
      const pipeline = this.redis.pipeline();
      for (const script of partsOf(part, ROWS_PER_SCRIPT)) addWrite(pipeline, view, script);
      for (const count of await answersOf(pipeline)) written += Number(count);
    }
    return { written, superseded: rows.length - written };
  }

  override async read(reads: readonly OnlineRead[], now = Date.now()): Promise<OnlineRow[][]> {
    reads.forEach(assertFeatures);
    const answers: OnlineRow[][] = reads.map(() => []);
    const wanted = reads.flatMap((read, index) => {
      const fields = [TIMES, ...read.features];
      return read.entities.map((entity) => ({ read, index, fields, key: storedKey(read.view, entity) }));
    });
    for (const part of partsOf(wanted, READS_PER_PIPELINE)) {
      const pipeline = this.redis.pipeline();
      for (const { read, fields, key } of part) {
        if (key !== null) pipeline.hmget(hashOf(read.view, key), ...fields);
      }
      const held = (await answersOf(pipeline)) as (string | null)[][];
      let next = 0;
      for (const { read, index, key } of part) {
        const [times = null, ...texts] = (key === null ? undefined : held[next++]) ?? [];
        const wantedTexts = read.features.map((_, at) => texts[at]);
        answers[index]?.push(onlineRow(read.view, eventTimeOf(times), wantedTexts, now));
      }
    }
    return answers;
  }

  override async readHistories(view: OnlineView, entities: readonly EntityKey[]): Promise<KeptHistory[]> {
    const histories: KeptHistory[] = [];
    for (const part of partsOf(entities, HISTORIES_PER_PIPELINE)) {
      const pipeline = this.redis.pipeline();
      for (const entity of part) pipeline.hmget(hashOf(view, wholeKey(view, entity)), HISTORY, REVISION);
      const held = (await answersOf(pipeline)) as (string | null)[][];
      histories.push(...held.map(([history = null, revision = null]) => ({ history, revision })));
    }
    return histories;
  }

  override async replaceHistories(view: OnlineView, writes: readonly HistoryWrite[]): Promise<boolean[]> {
    const answers: boolean[] = [];
    const now = Date.now();
    for (const [number, part] of partsOf(writes, HISTORIES_PER_PIPELINE).entries()) {
      const pipeline = this.redis.pipeline();
      for (const [at, write] of part.entries()) {
        const row = storedRow(view, write, number * HISTORIES_PER_PIPELINE + at, now);
        const fields = [...fieldsOf(view, row), HISTORY, write.history, REVISION, randomUUID()];
        pipeline.eval(REPLACE, 1, hashOf(view, row.key), write.revision ?? '', ...fields);
      }
      for (const taken of await answersOf(pipeline)) answers.push(taken === 1);
    }
    return answers;
  }

  override async remove(view: OnlineView, entities: readonly EntityKey[]): Promise<number> {
    const keys = entities.map((entity) => storedKey(view, entity)).filter((key) => key !== null);
    let removed = 0;
    for (const part of partsOf(keys, REMOVED_TOGETHER)) {
      const pipeline = this.redis.pipeline().unlink(part.map((key) => hashOf(view, key)));
      for (const count of await answersOf(pipeline)) removed += Number(count);
    }
    return removed;
  }

  override async removeView(view: OnlineView): Promise<void> {
    const match = `${hashOf(view, '')}*`;
    let cursor = '0';
    do {
      const [next, keys] = await orOutage(this.redis.scan(cursor, 'MATCH', match, 'COUNT', REMOVED_TOGETHER));
      if (keys.length > 0) await orOutage(this.redis.unlink(keys));
      cursor = next;
    } while (cursor !== '0');
  }
}

/** Both ids are UUIDs, so that whatever an entity's key holds cannot be taken for another workspace or view. */
const hashOf = ({ workspaceId, id }: OnlineView, key: string): string => `${PREFIX}${workspaceId}:${id}:${key}`;

function addWrite(pipeline: ChainableCommander, view: OnlineView, rows: readonly StoredRow[]): void {
  const keys = rows.map(({ key }) => hashOf(view, key));
  const values = rows.flatMap((row) => [
    row.eventTime,
    row.createdTime ?? '',
    row.expiresAt ?? '',
    ...fieldsOf(view, row),
  ]);
  pipeline.eval(WRITE, keys.length, ...keys, values.length / rows.length, ...values);
}

const fieldsOf = ({ features }: OnlineView, { eventTime, createdTime, texts }: StoredRow): string[] => [
  TIMES,
  `${eventTime} ${createdTime ?? ''}`,
  ...features.flatMap(({ name }, at) => [name, texts[at] ?? '']),
];

/** The event time of a row's times, in microseconds. */
const eventTimeOf = (times: string | null): number | null => (times === null ? null : Number.parseInt(times, 10));

/** What the commands of a pipeline answered. @throws {CodedError} where one did not. */
async function answersOf(pipeline: ChainableCommander): Promise<unknown[]> {
  const answers = (await orOutage(pipeline.exec())) ?? [];
  return answers.map(([error, answer]) => {
    if (error !== null) throw redisError(error);
    return answer;
  });
}

async function orOutage<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw redisError(error);
  }
}

/** An error that Redis itself answered is not an outage. */
function redisError(error: unknown): unknown {
  if (!(error instanceof Error && error.name === 'ReplyError')) return storeOutage('Redis', error);
  if (!/\bOOM\b/.test(error.message)) return error;
  return new CodedError('STORAGE_FULL', 'Redis has no memory left for the online store. Give it more (`maxmemory`).', {
    cause: error,
  });
}
