import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { partsOf } from '../../../common/collections/parts-of.js';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { isOutage } from '../../../common/errors/public-error.js';
import { assertFeatures, onlineRow, storedKey, storedRow, storedRows, wholeKey } from './online-rows.rules.js';
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

/** Rows of one statement. */
const ROWS_TOGETHER = 1_000;
const HISTORIES_TOGETHER = 200;
const ROWS_REMOVED_TOGETHER = 10_000;

/** How often expired rows are deleted, in milliseconds. */
const SWEEP_INTERVAL_MS = 10 * 60_000;

/**
 * Writes rows unless what is held of an entity is newer; the lock of the row orders those who come at once. In the order
 * of their keys, so that no two statements wait for each other. What has expired is held no more.
 */
const WRITE = `
  WITH taken AS (
    INSERT INTO online_features AS held
      (workspace_id, view_id, entity_key, event_time, created_time, feature_values, expires_at)
    SELECT $1, $2, row.* FROM unnest($3::bytea[], $4::bigint[], $5::bigint[], $6::json[], $7::timestamptz[])
      AS row (entity_key, event_time, created_time, feature_values, expires_at)
    ORDER BY row.entity_key
    ON CONFLICT (workspace_id, view_id, entity_key) DO UPDATE SET
      event_time = excluded.event_time, created_time = excluded.created_time,
      feature_values = excluded.feature_values, expires_at = excluded.expires_at
    WHERE excluded.event_time > held.event_time
      OR held.expires_at <= clock_timestamp()
      OR (excluded.event_time = held.event_time AND (held.created_time IS NULL OR excluded.created_time >= held.created_time))
    RETURNING 1
  )
  SELECT count(*)::integer AS count FROM taken`;

/**
 * Writes rows where what is kept beside them is still what was read, in the order of their keys. A revision that was read of
 * a row that is gone does no harm: all that there was came with it.
 */
const REPLACE = `
  INSERT INTO online_features AS held
    (workspace_id, view_id, entity_key, event_time, created_time, feature_values, expires_at, history, history_revision)
  SELECT $1, $2, row.entity_key, row.event_time, row.created_time, row.feature_values, NULL, row.history,
    gen_random_uuid()
  FROM unnest($3::bytea[], $4::bigint[], $5::bigint[], $6::json[], $7::text[])
    AS row (entity_key, event_time, created_time, feature_values, history)
  ORDER BY row.entity_key
  ON CONFLICT (workspace_id, view_id, entity_key) DO UPDATE SET
    event_time = excluded.event_time, created_time = excluded.created_time,
    feature_values = excluded.feature_values, expires_at = NULL,
    history = excluded.history, history_revision = excluded.history_revision
  WHERE held.history_revision IS NOT DISTINCT FROM (
    SELECT read.revision FROM unnest($3::bytea[], $8::uuid[]) AS read (entity_key, revision)
    WHERE read.entity_key = held.entity_key)
  RETURNING entity_key`;

const READ_HISTORIES = `
  SELECT wanted.position::integer, held.history, held.history_revision AS revision
  FROM unnest($3::bytea[]) WITH ORDINALITY AS wanted (entity_key, position)
  JOIN online_features held ON (held.workspace_id, held.view_id, held.entity_key) = ($1::uuid, $2::uuid, wanted.entity_key)`;

/** Positions count from 1 and go with each wanted row. */
const READ = `
  SELECT wanted.position::integer, held.event_time, held.feature_values
  FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) WITH ORDINALITY
    AS wanted (workspace_id, view_id, entity_key, position)
  JOIN online_features held USING (workspace_id, view_id, entity_key)
  WHERE held.expires_at IS NULL OR held.expires_at > clock_timestamp()`;

/**
 * Removes at most `ROWS_REMOVED_TOGETHER` rows; answers how many, and how many of them readers could see. Rows are locked
 * first, in an order or only if nobody else has them, so that no writer and this one wait for each other.
 */
const removal = (condition: string, lock: string): string => `
  WITH held AS MATERIALIZED (
    SELECT workspace_id, view_id, entity_key FROM online_features WHERE ${condition} ${lock}
  ), removed AS (
    DELETE FROM online_features AS row USING held
    WHERE (row.workspace_id, row.view_id, row.entity_key) = (held.workspace_id, held.view_id, held.entity_key)
    RETURNING row.expires_at
  )
  SELECT count(*)::integer AS count,
    (count(*) FILTER (WHERE expires_at IS NULL OR expires_at > clock_timestamp()))::integer AS known
  FROM removed`;

const inOrder = `ORDER BY entity_key LIMIT ${ROWS_REMOVED_TOGETHER} FOR UPDATE`;
const REMOVE = removal('workspace_id = $1 AND view_id = $2 AND entity_key = ANY ($3::bytea[])', inOrder);
const REMOVE_VIEW = removal('workspace_id = $1 AND view_id = $2', inOrder);
const SWEEP = removal('expires_at <= clock_timestamp()', `LIMIT ${ROWS_REMOVED_TOGETHER} FOR UPDATE SKIP LOCKED`);

interface Removed {
  readonly count: number;
  readonly known: number;
}

interface HeldRow {
  readonly position: number;
  /** A `bigint`, which pg hands over as text. */
  readonly event_time: string;
  readonly feature_values: Readonly<Record<string, string>>;
}

interface HeldHistory extends KeptHistory {
  readonly position: number;
}

/** A row of a table for each entity and view, for installations without Redis. */
export class PostgresOnlineStore extends OnlineStore implements OnModuleInit, OnModuleDestroy {
  // An outage is met by the next sweep; readers do not see expired rows anyway.
  private readonly sweeps = new PeriodicTask(
    SWEEP_INTERVAL_MS,
    () => this.sweep(),
    () => undefined,
  );

  constructor(private readonly dataSource: DataSource) {
    super();
  }

  onModuleInit(): void {
    this.sweeps.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.sweeps.stop();
  }

  override async write(view: OnlineView, rows: readonly OnlineWrite[]): Promise<OnlineWritten> {
    const stored = storedRows(view, rows, Date.now());
    let written = 0;
    for (const part of partsOf(stored, ROWS_TOGETHER)) {
      const [taken] = await this.query<{ count: number }>(WRITE, [
        view.workspaceId,
        view.id,
        part.map(({ key }) => Buffer.from(key)),
        part.map(({ eventTime }) => eventTime),
        part.map(({ createdTime }) => createdTime),
        part.map(({ texts }) => valuesText(view, texts)),
        part.map(({ expiresAt }) => (expiresAt === null ? null : new Date(expiresAt))),
      ]);
      written += taken?.count ?? 0;
    }
    return { written, superseded: rows.length - written };
  }

  override async read(reads: readonly OnlineRead[], now = Date.now()): Promise<OnlineRow[][]> {
    reads.forEach(assertFeatures);
    const answers: OnlineRow[][] = reads.map(() => []);
    const wanted = reads.flatMap((read, index) =>
      read.entities.map((entity) => ({ read, index, key: storedKey(read.view, entity) })),
    );
    for (const part of partsOf(wanted, ROWS_TOGETHER)) {
      const rows = await this.query<HeldRow>(READ, [
        part.map(({ read }) => read.view.workspaceId),
        part.map(({ read }) => read.view.id),
        part.map(({ key }) => (key === null ? null : Buffer.from(key))),
      ]);
      const held = new Map(rows.map((row) => [row.position, row]));
      for (const [at, { read, index }] of part.entries()) {
        const row = held.get(at + 1);
        const texts = read.features.map((name) => row?.feature_values[name]);
        answers[index]?.push(onlineRow(read.view, row === undefined ? null : Number(row.event_time), texts, now));
      }
    }
    return answers;
  }

  override async readHistories(view: OnlineView, entities: readonly EntityKey[]): Promise<KeptHistory[]> {
    const histories: KeptHistory[] = [];
    for (const part of partsOf(entities, HISTORIES_TOGETHER)) {
      const keys = part.map((entity) => Buffer.from(wholeKey(view, entity)));
      const rows = await this.query<HeldHistory>(READ_HISTORIES, [view.workspaceId, view.id, keys]);
      const held = new Map(rows.map((row) => [row.position, row]));
      histories.push(
        ...part.map((_, at) => {
          const { history = null, revision = null } = held.get(at + 1) ?? {};
          return { history, revision };
        }),
      );
    }
    return histories;
  }

  override async replaceHistories(view: OnlineView, writes: readonly HistoryWrite[]): Promise<boolean[]> {
    const answers: boolean[] = [];
    const now = Date.now();
    for (const [number, part] of partsOf(writes, HISTORIES_TOGETHER).entries()) {
      const rows = part.map((write, at) => storedRow(view, write, number * HISTORIES_TOGETHER + at, now));
      const taken = await this.query<{ entity_key: Buffer }>(REPLACE, [
        view.workspaceId,
        view.id,
        rows.map(({ key }) => Buffer.from(key)),
        rows.map(({ eventTime }) => eventTime),
        rows.map(({ createdTime }) => createdTime),
        rows.map(({ texts }) => valuesText(view, texts)),
        part.map(({ history }) => history),
        part.map(({ revision }) => revision),
      ]);
      const keys = new Set(taken.map(({ entity_key: key }) => key.toString()));
      answers.push(...rows.map(({ key }) => keys.has(key)));
    }
    return answers;
  }

  override async remove(view: OnlineView, entities: readonly EntityKey[]): Promise<number> {
    const keys = entities.map((entity) => storedKey(view, entity)).filter((key) => key !== null);
    let removed = 0;
    for (const part of partsOf(keys, ROWS_TOGETHER)) {
      const [row] = await this.query<Removed>(REMOVE, [view.workspaceId, view.id, part.map((key) => Buffer.from(key))]);
      removed += row?.known ?? 0;
    }
    return removed;
  }

  override removeView(view: OnlineView): Promise<void> {
    return this.removeAll(REMOVE_VIEW, [view.workspaceId, view.id]);
  }

  /** Deletes rows that have expired. */
  sweep(): Promise<void> {
    return this.removeAll(SWEEP, []);
  }

  private async removeAll(sql: string, parameters: readonly unknown[]): Promise<void> {
    for (;;) {
      const [row] = await this.query<Removed>(sql, parameters);
      if ((row?.count ?? 0) < ROWS_REMOVED_TOGETHER) return;
    }
  }

  private async query<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    try {
      return await this.dataSource.query<Row[]>(sql, [...parameters]);
    } catch (error) {
      throw isOutage(error) ? storeOutage('PostgreSQL', error) : error;
    }
  }
}

const valuesText = ({ features }: OnlineView, texts: readonly string[]): string =>
  JSON.stringify(Object.fromEntries(features.map(({ name }, at) => [name, texts[at]])));
