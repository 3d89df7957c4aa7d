import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallContext } from '../../src/common/access/actor.js';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import type { AuditEventInput } from '../../src/modules/audit/audit-event.js';
import { AuditTrail } from '../../src/modules/audit/audit-trail.service.js';
import type { ChainProblem } from '../../src/modules/audit/verification/chain-verifier.rules.js';
import { verifyAuditTrail } from '../../src/modules/audit/verification/verify-audit-trail.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { openRelay, type Relay } from '../support/relay.js';

const context: CallContext = { requestId: 'request', address: '192.0.2.1', actor: null };
const eventOf = (resourceId: string): AuditEventInput => ({ action: 'thing.make', resourceType: 'thing', resourceId });

let database: TestDatabase;
let relay: Relay;
/** Straight to the server, while the trail goes through the relay. */
let direct: DataSource;
let pool: DataSource;
let trail: AuditTrail;

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  const url = new URL(database.url);
  relay = await openRelay({ host: url.hostname, port: Number(url.port || 5432) });
  direct = await new DataSource({ ...dataSourceOptions(database.url, 2), entities: [] }).initialize();
  await direct.query('CREATE TABLE things (id text)');
  [url.hostname, url.port] = ['127.0.0.1', String(relay.port)];
  pool = await new DataSource({ ...dataSourceOptions(url.href, 8), entities: [] }).initialize();
});
afterAll(async () => {
  await pool.destroy();
  await relay.close();
  await direct.destroy();
  await database.drop();
});

const newTrail = (capacity = 10_000) =>
  new AuditTrail(pool, { NESTOR_AUDIT_BUFFER: capacity, NESTOR_SHUTDOWN_TIMEOUT_MS: 2_000 });

beforeEach(async () => {
  await direct.query('TRUNCATE audit_events, audit_writers, things');
  trail = newTrail();
});
afterEach(async () => {
  relay.up();
  await trail.onApplicationShutdown();
});

/** What the trail says was acted on, in the order of the chains. */
async function recorded(): Promise<string[]> {
  const rows = await direct.query<{ resource_id: string }[]>(
    'SELECT resource_id FROM audit_events ORDER BY writer_id, sequence',
  );
  return rows.map((row) => row.resource_id);
}

async function things(): Promise<string[]> {
  const rows = await direct.query<{ id: string }[]>('SELECT id FROM things ORDER BY id');
  return rows.map(({ id }) => id);
}

async function problems(): Promise<ChainProblem[]> {
  const found: ChainProblem[] = [];
  await verifyAuditTrail(direct, (problem) => found.push(problem));
  return found;
}

const writerCount = async () =>
  (await direct.query<{ count: number }[]>('SELECT count(*)::int AS count FROM audit_writers'))[0]?.count;

/** Makes a thing and says so. */
const make = (id: string, then: () => void = () => undefined) =>
  trail.transaction(context, async (transaction) => {
    await transaction.manager.query('INSERT INTO things VALUES ($1)', [id]);
    transaction.audit(eventOf(id));
    then();
    return id;
  });

const refuse = () => {
  throw new Error('changed my mind');
};

describe('transaction', () => {
  it('commits the work and its events together', async () => {
    await expect(make('a')).resolves.toBe('a');
    expect(await things()).toEqual(['a']);
    const [event] = await direct.query<Record<string, unknown>[]>('SELECT * FROM audit_events');
    expect(event).toMatchObject({
      sequence: '1',
      action: 'thing.make',
      resource_type: 'thing',
      resource_id: 'a',
      outcome: 'SUCCESS',
      address: '192.0.2.1',
      request_id: 'request',
      actor_id: null,
      detail: null,
    });
    expect(await problems()).toEqual([]);
  });

  it('rolls both back when the work throws', async () => {
    await expect(make('a', refuse)).rejects.toThrow('changed my mind');
    expect(await things()).toEqual([]);
    expect(await recorded()).toEqual([]);
  });

  it('refuses work that leaves no event', async () => {
    const silent = trail.transaction(context, ({ manager }) => manager.query("INSERT INTO things VALUES ('a')"));
    await expect(silent).rejects.toThrow('must leave at least one audit event');
    expect(await things()).toEqual([]);
  });

  it('commits nothing when the work hides that a statement failed', async () => {
    const hiding = trail.transaction(context, async ({ manager, audit }) => {
      audit(eventOf('a'));
      await manager.query("INSERT INTO things VALUES ('a')");
      await manager.query('SELECT 1 / 0').catch(() => undefined);
    });
    await expect(hiding).rejects.toThrow(/transaction is aborted/);
    expect(await things()).toEqual([]);
    expect(await recorded()).toEqual([]);
    await make('b');
    expect(await writerCount()).toBe(1);
    expect(await problems()).toEqual([]);
  });

  it('takes an event under another context', async () => {
    const actor = { kind: 'USER', id: 'u1', name: 'ada', workspaceId: randomUUID(), role: 'ADMIN' } as const;
    await trail.transaction(context, async ({ audit }) => {
      audit(eventOf('a'), { ...context, actor: { ...actor, permissions: new Set() } });
    });
    const [event] = await direct.query<Record<string, unknown>[]>('SELECT * FROM audit_events');
    expect(event).toMatchObject({ actor_kind: 'USER', actor_id: 'u1', workspace_id: actor.workspaceId });
  });

  it('does what is to be done after the commit once it is committed, in order, whatever fails', async () => {
    const seen: unknown[] = [];
    await trail.transaction(context, async ({ manager, audit, afterCommit }) => {
      await manager.query("INSERT INTO things VALUES ('a')");
      audit(eventOf('a'));
      afterCommit(async () => void seen.push(await things()));
      afterCommit(refuse);
      afterCommit(() => void seen.push('last'));
    });
    expect(seen).toEqual([['a'], 'last']);
  });

  it('does nothing after a commit that did not take place', async () => {
    const after = vi.fn();
    const failing = trail.transaction(context, async ({ audit, afterCommit }) => {
      audit(eventOf('a'));
      afterCommit(after);
      refuse();
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(after).not.toHaveBeenCalled();
  });

  it('runs work again after a serialization failure', async () => {
    await direct.query('CREATE TABLE counters (value int)');
    await direct.query('INSERT INTO counters VALUES (0)');
    const arrived: (() => void)[] = [];
    const bothHaveRead = new Promise<void>((resolve) => {
      arrived.push(() => arrived.length === 3 && resolve());
    });
    const attempts = vi.fn();
    const increment = () =>
      trail.transaction(context, async ({ manager, audit }) => {
        attempts();
        await manager.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
        const [row] = await manager.query<{ value: number }[]>('SELECT value FROM counters');
        arrived.push(() => undefined);
        arrived[0]?.();
        await bothHaveRead;
        await manager.query('UPDATE counters SET value = $1', [(row?.value ?? 0) + 1]);
        audit(eventOf('counter'));
      });
    await Promise.all([increment(), increment()]);
    expect(attempts).toHaveBeenCalledTimes(3);
    expect(await direct.query('SELECT value FROM counters')).toEqual([{ value: 2 }]);
    expect(await recorded()).toEqual(['counter', 'counter']);
    await direct.query('DROP TABLE counters');
  });

  it('gives up after five attempts', async () => {
    const attempts = vi.fn();
    const deadlocked = trail.transaction(context, async ({ manager, audit }) => {
      attempts();
      audit(eventOf('a'));
      await manager.query(`DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$`);
    });
    await expect(deadlocked).rejects.toThrow('deadlock');
    expect(attempts).toHaveBeenCalledTimes(5);
    expect(await recorded()).toEqual([]);
  });

  it('keeps sound chains of exactly what was committed, however many run at once', async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `thing-${index}`);
    const outcomes = await Promise.allSettled(
      ids.map((id) => {
        if (Math.random() < 0.2) trail.recordPrediction(context, eventOf(`beside ${id}`));
        return make(id, Math.random() < 0.3 ? refuse : undefined);
      }),
    );
    await vi.waitFor(() => expect(trail.waiting).toBe(0));
    const committed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])).sort();
    expect(await things()).toEqual(committed);
    expect((await recorded()).filter((id) => !id.startsWith('beside')).sort()).toEqual(committed);
    expect(await problems()).toEqual([]);
    // One for each transaction that can commit at the same time, and that of the predictions.
    expect(await writerCount()).toBeLessThanOrEqual(9);
  });
});

/** Does something when a transaction that made the thing `doomed` is about to commit. */
const atCommit = async (body: string) => {
  await direct.query(`CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$`);
  await direct.query(`CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON things
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.id = 'doomed') EXECUTE FUNCTION at_commit()`);
};

describe('a commit that fails', () => {
  afterEach(() => direct.query('DROP FUNCTION at_commit CASCADE'));

  it('by a refusal leaves the chain as it was, and in use', async () => {
    await atCommit(`RAISE EXCEPTION 'too late' USING ERRCODE = '23514';`);
    await make('before');
    await expect(make('doomed')).rejects.toThrow('too late');
    await make('after');
    expect(await recorded()).toEqual(['before', 'after']);
    expect(await writerCount()).toBe(1);
    expect(await problems()).toEqual([]);
  });

  it('by a lost connection, so that nobody knows, makes the writer begin another chain', async () => {
    await atCommit('PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL;');
    await make('before');
    await expect(make('doomed')).rejects.toThrow();
    await make('after');
    expect((await recorded()).sort()).toEqual(['after', 'before']);
    expect(await writerCount()).toBe(2);
    expect(await problems()).toEqual([]);
  });
});

describe('record', () => {
  it('resolves when the event is committed', async () => {
    await trail.record(context, { ...eventOf('a'), outcome: 'DENIED', errorCode: 'FORBIDDEN' });
    expect(await direct.query('SELECT outcome, error_code FROM audit_events')).toEqual([
      { outcome: 'DENIED', error_code: 'FORBIDDEN' },
    ]);
  });

  it('writes what comes at the same time in one chain', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => trail.record(context, eventOf(String(index)))));
    expect(await recorded()).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
    expect(await problems()).toEqual([]);
  });

  it('rejects while nothing can be written, and writes the event all the same, once', async () => {
    relay.down();
    await expect(trail.record(context, eventOf('a'))).rejects.toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
      retryAfterMs: expect.any(Number) as number,
    });
    relay.up();
    await vi.waitFor(() => expect(trail.waiting).toBe(0), 10_000);
    expect(await recorded()).toEqual(['a']);
  });
});

describe('recordPrediction', () => {
  it('loses nothing and keeps the order through outages', async () => {
    const sent: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      for (let index = 0; index < 700; index += 1) {
        sent.push(`${round}-${index}`);
        trail.recordPrediction(context, eventOf(`${round}-${index}`));
        if (index % 100 === 0) await sleep(1);
      }
      if (round % 2 === 0) relay.down();
      else relay.up();
    }
    await vi.waitFor(() => expect(trail.waiting).toBe(0), 10_000);
    expect(await recorded()).toEqual(sent);
    expect(await writerCount()).toBe(1);
    expect(await problems()).toEqual([]);
  });

  it('writes once what was written without its being told', async () => {
    await trail.record(context, eventOf('first'));
    relay.loseAnswers();
    trail.recordPrediction(context, eventOf('second'));
    await vi.waitFor(async () => expect(await recorded()).toContain('second'));
    relay.down();
    relay.up();
    trail.recordPrediction(context, eventOf('third'));
    await vi.waitFor(() => expect(trail.waiting).toBe(0), 10_000);
    expect(await recorded()).toEqual(['first', 'second', 'third']);
    expect(await problems()).toEqual([]);
  });

  it('refuses work when nothing can be written and the buffer is full, until it can', async () => {
    await trail.onApplicationShutdown();
    trail = newTrail(20);
    const blocker = direct.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('LOCK TABLE audit_writers IN EXCLUSIVE MODE');
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    for (const id of ids) {
      trail.assertWritable();
      trail.recordPrediction(context, eventOf(id));
    }
    const unavailable = expect.objectContaining({ code: 'AUDIT_UNAVAILABLE', retryAfterMs: 1_000 }) as Error;
    expect(() => trail.assertWritable()).toThrow(unavailable);
    expect(() => trail.recordPrediction(context, eventOf('too many'))).toThrow(unavailable);
    await expect(trail.record(context, eventOf('too many'))).rejects.toEqual(unavailable);
    expect(trail.waiting).toBe(20);
    await blocker.rollbackTransaction();
    await blocker.release();
    await vi.waitFor(() => expect(trail.waiting).toBe(0));
    expect(() => trail.assertWritable()).not.toThrow();
    expect(await recorded()).toEqual(ids);
  });

  it('begins another chain when someone else changed its head, and the verifier shows where', async () => {
    await trail.record(context, eventOf('first'));
    await direct.query('UPDATE audit_writers SET head_sequence = 7');
    trail.recordPrediction(context, eventOf('second'));
    await vi.waitFor(() => expect(trail.waiting).toBe(0), 10_000);
    expect((await recorded()).sort()).toEqual(['first', 'second']);
    expect(await problems()).toMatchObject([{ fault: 'REMOVED', sequence: 2 }]);
  });
});

describe('at the end of the process', () => {
  it('writes what waits and takes nothing more', async () => {
    for (let index = 0; index < 3_000; index += 1) trail.recordPrediction(context, eventOf(String(index)));
    await trail.onApplicationShutdown();
    expect(await recorded()).toHaveLength(3_000);
    expect(() => trail.assertWritable()).toThrow('is stopping');
    expect(() => trail.recordPrediction(context, eventOf('late'))).toThrow('is stopping');
  });

  it('does not wait for ever', async () => {
    const error = vi.spyOn(Logger.prototype, 'error');
    relay.down();
    trail.recordPrediction(context, eventOf('lost'));
    await trail.onApplicationShutdown();
    expect(error).toHaveBeenCalledWith('1 audit events could not be written before the process had to end.');
    error.mockRestore();
  });
});
