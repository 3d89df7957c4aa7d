import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallContext } from '../../src/common/access/actor.js';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import { AuditTrail } from '../../src/modules/audit/audit-trail.service.js';
import { verifyCommand } from '../../src/modules/audit/verification/verify-command.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.js';

const EVENTS = 4_500;

const context: CallContext = {
  requestId: 'request "1", ü',
  address: '2001:db8::1',
  actor: {
    kind: 'API_KEY',
    id: randomUUID(),
    name: 'line one\nline two',
    workspaceId: randomUUID(),
    role: 'SERVICE',
    permissions: new Set(),
  },
};

let database: TestDatabase;
let connection: DataSource;
/** Writer of the long chain. */
let writer: string;

const newTrail = () => new AuditTrail(connection, { NESTOR_AUDIT_BUFFER: 10_000, NESTOR_SHUTDOWN_TIMEOUT_MS: 60_000 });

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  connection = await new DataSource({ ...dataSourceOptions(database.url, 5), entities: [] }).initialize();
  const trail = newTrail();
  // More than two pages of the verifier.
  for (let index = 0; index < EVENTS; index += 1) {
    const detail = { rows: index, share: index / 7, text: '€ "quoted"', large: 1e300, none: null };
    trail.recordPrediction(context, {
      action: 'inference.predict',
      resourceType: 'model-version',
      resourceId: 'iris/1',
      detail,
    });
  }
  await trail.transaction(context, async ({ audit }) => {
    audit({ action: 'a', resourceType: 'b', resourceId: 'c', outcome: 'FAILURE', errorCode: 'CONFLICT' });
  });
  await trail.onApplicationShutdown();
  const [row] = await connection.query<{ writer_id: string }[]>(
    `SELECT writer_id FROM audit_writers WHERE head_sequence = ${EVENTS}`,
  );
  writer = row?.writer_id ?? '';
  await connection.query('CREATE TABLE kept_events AS TABLE audit_events');
  await connection.query('CREATE TABLE kept_writers AS TABLE audit_writers');
});
afterAll(async () => {
  await connection.destroy();
  await database.drop();
});

async function verify(): Promise<{ status: number; lines: string[] }> {
  const lines: string[] = [];
  const status = await verifyCommand(database.url, (line) => lines.push(line));
  return { status, lines };
}

const at = (sequence: number) => `WHERE writer_id = '${writer}' AND sequence = ${sequence}`;
const copyOf = (sequence: number, place: string) =>
  `INSERT INTO audit_events SELECT writer_id, ${place}, id, occurred_at, workspace_id, actor_kind, actor_id, actor_name,
     action, resource_type, resource_id, outcome, error_code, address, request_id, detail, previous_hash, hash
   FROM kept_events ${at(sequence)}`;

describe('audit:verify on a trail nobody touched', () => {
  it('finds nothing, and ends with 0', async () => {
    const { status, lines } = await verify();
    expect(lines).toEqual([
      expect.stringMatching(/^The audit trail is sound\. Events: 4501, writers: 2, time: [\d.]+ s\.$/),
    ]);
    expect(status).toBe(0);
  });

  it('finds nothing while events are being written', async () => {
    const trail = newTrail();
    const done = new AbortController();
    const writing = (async () => {
      for (let index = 0; !done.signal.aborted; index += 1) {
        await trail.record(context, { action: 'a', resourceType: 'b', resourceId: String(index) });
      }
    })();
    for (let run = 0; run < 3; run += 1) expect(await verify()).toMatchObject({ status: 0 });
    done.abort();
    await writing;
    await trail.onApplicationShutdown();
  });
});

describe('audit:verify after somebody changed rows', () => {
  beforeEach(async () => {
    await connection.query('TRUNCATE audit_events, audit_writers');
    await connection.query('INSERT INTO audit_events TABLE kept_events');
    await connection.query('INSERT INTO audit_writers TABLE kept_writers');
  });

  it.each([
    ['occurred_at', "occurred_at + interval '1 millisecond'"],
    ['occurred_at', "'infinity'"],
    ['id', 'gen_random_uuid()'],
    ['workspace_id', 'NULL'],
    ['actor_kind', "'USER'"],
    ['actor_id', 'NULL'],
    ['actor_name', "''"],
    ['action', "'inference.Predict'"],
    ['resource_type', "'model'"],
    ['resource_id', "'iris/2'"],
    ['outcome', "'FAILURE'"],
    ['error_code', "''"],
    ['address', "'2001:db8::2'"],
    ['request_id', "request_id || ' '"],
    ['detail', 'NULL'],
    ['detail', "(detail::text || ' ')::json"],
    ['detail', "replace(detail::text, '1e+300', '1.000000000000000000000001e+300')::json"],
    ['previous_hash', 'set_byte(previous_hash, 31, 255 - get_byte(previous_hash, 31))'],
    ['hash', 'set_byte(hash, 0, 255 - get_byte(hash, 0))'],
  ])('finds an edited %s (%s)', async (column, value) => {
    await connection.query(`UPDATE audit_events SET ${column} = ${value} ${at(3_000)}`);
    const { status, lines } = await verify();
    expect(lines[0]).toMatch(
      new RegExp(`^EDITED: writer ${writer}, number 3000, event [\\da-f-]{36}: The event does not fit its hash`),
    );
    expect(lines[1]).toMatch(/^The audit trail is not sound, problems: 1\. Events: 4501, writers: 2/);
    expect(lines).toHaveLength(2);
    expect(status).toBe(1);
  });

  it.each([
    ['a removed row', "DELETE FROM audit_events WHERE writer_id = '%' AND sequence = 2000", ['REMOVED 2000']],
    [
      'a removed stretch over the pages of the verifier',
      `DELETE FROM audit_events WHERE sequence BETWEEN 1900 AND 4100`,
      ['REMOVED 1900'],
    ],
    ['a removed tail', `DELETE FROM audit_events WHERE sequence > 4400`, ['REMOVED 4401']],
    ['a truncated table', 'TRUNCATE audit_events', ['REMOVED 1', 'REMOVED 1']],
    ['a removed head', `DELETE FROM audit_writers WHERE writer_id = '%'`, ['HEAD_MISMATCH 4500']],
    [
      'a head set back',
      `UPDATE audit_writers SET head_sequence = 4499 WHERE writer_id = '%'`,
      ['INSERTED 4500', 'HEAD_MISMATCH 4499'],
    ],
    [
      'two rows that changed places',
      `UPDATE audit_events SET sequence = -1 WHERE writer_id = '%' AND sequence = 10;
       UPDATE audit_events SET sequence = 10 WHERE writer_id = '%' AND sequence = 12;
       UPDATE audit_events SET sequence = 12 WHERE writer_id = '%' AND sequence = -1`,
      ['REORDERED 10', 'REORDERED 12'],
    ],
  ])('finds %s', async (_, statement, expected) => {
    await connection.query(statement.replaceAll('%', writer));
    const { status, lines } = await verify();
    const found = lines.slice(0, -1).map((line) => line.replace(/^(\w+): writer \S+, number (\d+).*$/, '$1 $2'));
    expect(found).toEqual(expected);
    expect(status).toBe(1);
  });

  it('finds a row that was put behind the last, before the first, or into a gap', async () => {
    await connection.query(copyOf(7, '4501'));
    await connection.query(copyOf(8, '0'));
    await connection.query(`DELETE FROM audit_events ${at(20)}`);
    await connection.query(copyOf(1_000, '20'));
    const { lines } = await verify();
    const found = lines.map((line) => /^(\w+): writer \S+ number (-?\d+)/.exec(line)?.slice(1).join(' '));
    expect(found).toEqual(['REORDERED 0', 'EDITED 20', 'EDITED 4501', undefined]);
  });

  it('finds rows under a writer that never was', async () => {
    const nobody = '00000000-0000-0000-0000-000000000000';
    await connection.query(`UPDATE audit_events SET writer_id = '${nobody}' ${at(1)}`);
    const { lines } = await verify();
    expect(lines[0]).toContain(`EDITED: writer ${nobody}, number 1`);
    expect(lines[1]).toContain(`HEAD_MISMATCH: writer ${nobody}`);
    expect(lines[2]).toContain(`REMOVED: writer ${writer}, number 1: Event 1 was removed.`);
  });
});

describe('audit:verify that cannot run', () => {
  it('says why and ends with 2: no server', async () => {
    const lines: string[] = [];
    expect(await verifyCommand('postgres://127.0.0.1:1/nowhere', (line) => lines.push(line))).toBe(2);
    expect(lines).toEqual([expect.stringMatching(/^The audit trail could not be verified: .*ECONNREFUSED/)]);
  });

  it('says why and ends with 2: no audit trail', async () => {
    const empty = await createEmptyDatabase();
    const lines: string[] = [];
    expect(await verifyCommand(empty.url, (line) => lines.push(line))).toBe(2);
    expect(lines).toEqual([expect.stringContaining('relation "audit_writers" does not exist')]);
    await empty.drop();
  });
});
