import { quoted, sqlTypes } from '../engine/sql-text.js';
import type { FeatureViewDefinition } from '../definitions/feature-view.js';
import type { RowShape } from '../transformations/transformation.js';

/** The rows of a view as its transformation sees them: the columns of its source that it reads. */
export function rowShapeOf({ columns, keys, eventTime }: FeatureViewDefinition): RowShape {
  return { columns, entityKeys: keys.map(({ name }) => name), eventTime };
}

/** What the rows of a view are read for: keys, times and features, each once. */
export function rowColumnsOf({ keys, eventTime, createdTime, features }: FeatureViewDefinition): string[] {
  const times = [eventTime, createdTime].filter((name) => name !== null);
  return [...new Set([...keys.map(({ name }) => name), ...times, ...features.map(({ name }) => name)])];
}

/** Rows of a source with the columns that a view reads, as the types that it says, in their order. */
export function typedRows({ columns }: FeatureViewDefinition, from: string): string {
  const typed = columns.map(({ name, type }) => {
    const value = type === 'JSON' ? quoted(name) : `CAST(${quoted(name)} AS ${sqlTypes[type]})`;
    return `${value} AS ${quoted(name)}`;
  });
  return `(SELECT ${typed.join(', ')} FROM ${from})`;
}
