import type { FeatureViewVersion } from '../definitions/feature-view.js';
import type { EntityKey, OnlineStore, OnlineWritten } from '../online/online-store.js';
import { onlineViewOf } from '../online/online-view.rules.js';
import { joinedKey } from '../online/stored-values.rules.js';
import type { EntityHistories, EntityRows } from '../push/entity-histories.js';
import { historyStart } from '../push/entity-history.rules.js';
import type { HistoricView } from '../push/historic-view.rules.js';
import { entityOf, onlineWriteOf } from '../push/online-write.rules.js';
import type { Row } from '../transformations/transformation.js';

/** Entities that are written together, in the order of their keys. */
export interface EntityBatch {
  readonly count: number;
  /** The last of them. */
  readonly last: EntityKey;
  /** The greatest event time of their rows, in milliseconds since the epoch. */
  readonly newestEvent: number;
  write(): Promise<OnlineWritten>;
}

/** Rows that are held before they are written, of entities whose history is kept. */
const ROWS_TOGETHER = 4_096;

/** @param batches of the newest rows of entities, in the order of their keys. */
export async function* newestRowBatches(
  view: FeatureViewVersion,
  batches: AsyncIterable<readonly Row[]>,
  store: OnlineStore,
): AsyncGenerator<EntityBatch> {
  const online = onlineViewOf(view);
  for await (const rows of batches) {
    const writes = rows.map((row) => onlineWriteOf(view, row));
    const newestEvent = writes.reduce((newest, { eventTime }) => Math.max(newest, eventTime), -Infinity);
    const last = writes.at(-1)?.entity ?? [];
    yield { count: writes.length, last, newestEvent, write: () => store.write(online, writes) };
  }
}

/** @param batches of all rows of entities, each entity's together and by event time, in the order of their keys. */
export async function* historyBatches(
  historic: HistoricView,
  batches: AsyncIterable<readonly Row[]>,
  histories: EntityHistories,
): AsyncGenerator<EntityBatch> {
  const tails = new EntityTails(historic);
  const batchOf = (entities: readonly EntityRows[]): EntityBatch => ({
    count: entities.length,
    last: entities.at(-1)?.entity ?? [],
    newestEvent: entities.reduce((newest, { rows }) => Math.max(newest, tails.timeOf(rows.at(-1))), -Infinity),
    write: () => histories.absorb(historic, entities, 'SOURCE'),
  });
  for await (const rows of batches) {
    tails.add(rows);
    const whole = tails.takeWhole();
    if (whole.length > 0) yield batchOf(whole);
  }
  const rest = tails.takeAll();
  if (rest.length > 0) yield batchOf(rest);
}

/** Gathers the rows of entities, of each only those that windows may look back at: however many there are, few are held. */
class EntityTails {
  private whole: EntityRows[] = [];
  private rowsHeld = 0;
  private entity: EntityKey = [];
  private key: string | null = null;
  private tail: Row[] = [];
  /** Trimmed when it is as long: so that looking for the rows that matter costs little for each of them. */
  private trimAt = ROWS_TOGETHER;

  constructor(private readonly historic: HistoricView) {}

  timeOf(row: Row | undefined): number {
    return Number(row?.[this.historic.view.eventTime ?? '']);
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      const entity = entityOf(this.historic.view, row);
      const key = joinedKey(entity.map(String));
      if (key !== this.key) this.begin(entity, key);
      this.tail.push(row);
      if (this.tail.length >= this.trimAt) this.trim();
    }
  }

  /** The entities whose rows are all there, once they are worth writing. */
  takeWhole(): EntityRows[] {
    return this.rowsHeld < ROWS_TOGETHER ? [] : this.take();
  }

  takeAll(): EntityRows[] {
    this.begin([], null);
    return this.take();
  }

  private begin(entity: EntityKey, key: string | null): void {
    if (this.key !== null) {
      this.trim();
      this.whole.push({ entity: this.entity, rows: this.tail });
      this.rowsHeld += this.tail.length;
    }
    this.entity = entity;
    this.key = key;
    this.tail = [];
    this.trimAt = ROWS_TOGETHER;
  }

  private take(): EntityRows[] {
    const taken = this.whole;
    this.whole = [];
    this.rowsHeld = 0;
    return taken;
  }

  /** Rows of one moment stay together: which of them is the newest is not decided here. */
  private trim(): void {
    let newest = this.tail.length - 1;
    while (newest > 0 && this.timeOf(this.tail[newest - 1]) === this.timeOf(this.tail[newest])) newest -= 1;
    const { view, fitted } = this.historic;
    const start = historyStart(view, fitted, this.tail.slice(0, newest + 1));
    if (start > 0) this.tail = this.tail.slice(start);
    this.trimAt = Math.max(ROWS_TOGETHER, 2 * this.tail.length);
  }
}
