import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureViewVersion } from '../definitions/feature-view.js';
import { type EntityKey, type HistoryWrite, OnlineStore, type OnlineWritten } from '../online/online-store.js';
import { onlineViewOf } from '../online/online-view.rules.js';
import type { Row } from '../transformations/transformation.js';
import type { HistoricView } from './historic-view.rules.js';
import { EntityHistory, type RowOrigin } from './entity-history.rules.js';
import { onlineWriteOf } from './online-write.rules.js';

/** Rows of one entity, in the order in which they came. */
export interface EntityRows {
  readonly entity: EntityKey;
  readonly rows: readonly Row[];
}

/** How often rows are tried that others write to at the same time; each time somebody else's are written. */
const ATTEMPTS = 50;

/** Longest wait before another attempt, in milliseconds. */
const BACKOFF_MS = 20;

/**
 * Keeps what windows look back at: recent rows of each entity, beside its newest values and changed together with them. So
 * the values online are those that the engine tells of the newest row, in whatever order rows come and whoever brings them.
 */
@Injectable()
export class EntityHistories {
  constructor(
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'NESTOR_ONLINE_HISTORY_MAX_ROWS'>,
    private readonly store: OnlineStore,
  ) {}

  /**
   * @param come rows of entities, each entity once.
   * @returns `superseded` counts entities of which nothing changed.
   * @throws {CodedError} INVALID_INPUT where a row does not fit the view; QUERY_LIMIT_EXCEEDED where windows look back at
   * too many rows; OVERLOADED where too many write to one entity; SERVICE_UNAVAILABLE.
   */
  async absorb(historic: HistoricView, come: readonly EntityRows[], origin: RowOrigin): Promise<OnlineWritten> {
    let waiting = come;
    let written = 0;
    for (let attempt = 1; waiting.length > 0; attempt += 1) {
      if (attempt > ATTEMPTS) throw overloaded(historic.view.name);
      const { taken, refused } = await this.attempt(historic, waiting, origin);
      written += taken;
      waiting = refused;
      if (waiting.length > 0) await sleep(Math.random() * BACKOFF_MS);
    }
    return { written, superseded: come.length - written };
  }

  private async attempt(
    { view, fitted }: HistoricView,
    come: readonly EntityRows[],
    origin: RowOrigin,
  ): Promise<{ readonly taken: number; readonly refused: EntityRows[] }> {
    const online = onlineViewOf(view);
    const held = await this.store.readHistories(
      online,
      come.map(({ entity }) => entity),
    );
    const changed: { readonly rows: EntityRows; readonly write: HistoryWrite }[] = [];
    for (const [at, rows] of come.entries()) {
      const { history = null, revision = null } = held[at] ?? {};
      const after = EntityHistory.of(view, history).with(rows.rows, origin).trimmed(fitted);
      if (after.text === history) continue;
      this.assertLength(view, after);
      const write = { ...onlineWriteOf(view, after.newest(fitted)), history: after.text, revision };
      changed.push({ rows, write });
    }
    const answers = await this.store.replaceHistories(
      online,
      changed.map(({ write }) => write),
    );
    const refused = changed.filter((_, at) => answers[at] !== true).map(({ rows }) => rows);
    return { taken: changed.length - refused.length, refused };
  }

  private assertLength({ name }: FeatureViewVersion, { rows }: EntityHistory): void {
    const most = this.settings.NESTOR_ONLINE_HISTORY_MAX_ROWS;
    if (rows.length <= most) return;
    throw new CodedError(
      'QUERY_LIMIT_EXCEEDED',
      `The windows of feature view ${name} look back at more than ${most} rows of an entity ` +
        '(NESTOR_ONLINE_HISTORY_MAX_ROWS). Make them shorter, or raise the limit.',
    );
  }
}

const overloaded = (view: string): CodedError =>
  new CodedError('OVERLOADED', `Too many write to one entity of feature view ${view} at the same time.`, {
    retryAfterMs: 100,
  });
