import type { FeatureViewVersion } from '../definitions/feature-view.js';
import type { DataEngine, EngineRow, StatementControl } from '../engine/data-engine.js';
import { quoted } from '../engine/sql-text.js';
import { readHistoricalFeatures } from '../offline/historical-features.js';
import type { EntityKey } from '../online/online-store.js';
import type { OfflineRow } from './parity.rules.js';

/** An entity that was materialized, and its newest row as the offline path has it. */
export interface ParitySample {
  readonly entity: EntityKey;
  readonly row: OfflineRow;
}

/** The rows that were materialized. */
export interface MaterializedRows {
  /** SQL of ours that may stand after `FROM`: the rows of the view. */
  readonly relation: string;
  /** Least and greatest event time, inclusive. */
  readonly from: Date | null;
  readonly to: Date;
}

const MICROSECONDS = 1_000;
const SAMPLED = 'parity_labels';
/** Two underscores are kept for columns of our own. */
const MOMENT = '__moment';
const EVENT = '__event';

/**
 * Entities at random, each with the row that the point-in-time join finds at a moment: another way than that by which the
 * rows came online.
 * @param now the moment, in milliseconds since the epoch.
 */
export async function paritySamples(
  engine: DataEngine,
  view: FeatureViewVersion,
  { relation, from, to }: MaterializedRows,
  size: number,
  now: number,
  control: StatementControl,
): Promise<ParitySample[]> {
  const { eventTime, keys, features } = view;
  if (eventTime === null) return [];
  const event = quoted(eventTime);
  const bounds = [`isfinite(${event})`, `${event} <= ${momentOf(to)}`];
  if (from !== null) bounds.push(`${event} >= ${momentOf(from)}`);
  const rows = `(SELECT * FROM ${relation} WHERE ${bounds.join(' AND ')})`;
  const keyNames = keys.map(({ name }) => quoted(name));
  const isWhole = keyNames.map((name) => `${name} IS NOT NULL`).join(' AND ');
  await engine.run(
    `CREATE OR REPLACE TABLE ${SAMPLED} AS
     SELECT *, make_timestamp(${Math.round(now * MICROSECONDS)}) AS ${quoted(MOMENT)}
     FROM (SELECT DISTINCT ${keyNames.join(', ')} FROM ${rows} WHERE ${isWhole}) USING SAMPLE reservoir(${size} ROWS)`,
    [],
    control,
  );
  const request = {
    labels: { relation: SAMPLED, eventTime: MOMENT },
    views: [
      {
        name: view.name,
        relation: rows,
        keys: keys.map(({ name }) => ({ label: name, view: name })),
        eventTime,
        createdTime: view.createdTime,
        ttlMs: null,
        features: [
          { column: eventTime, as: EVENT },
          ...features.map(({ name }, at) => ({ column: name, as: featureColumn(at) })),
        ],
      },
    ],
  };
  const samples: ParitySample[] = [];
  for await (const batch of readHistoricalFeatures(engine, request, control)) {
    for (const row of batch) if (typeof row[EVENT] === 'number') samples.push(sampleOf(view, row, row[EVENT]));
  }
  return samples;
}

const momentOf = (moment: Date): string => `make_timestamp(${moment.getTime() * MICROSECONDS})`;

const featureColumn = (at: number): string => `__feature_${at}`;

const sampleOf = ({ keys, features }: FeatureViewVersion, row: EngineRow, eventTime: number): ParitySample => ({
  entity: keys.map(({ name }) => row[name] ?? null),
  row: { eventTime, values: features.map((_, at) => row[featureColumn(at)] ?? null) },
});
