import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureViewDefinition } from '../definitions/feature-view.js';
import { fromJson, type JsonRow } from '../json-values.rules.js';
import type { OnlineWrite } from '../online/online-store.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';
import { type Frame, rowsOf } from './feast-frame.rules.js';

const MILLISECONDS = 1_000;

/** What Feast's client calls the times, whatever their columns are called. */
const EVENT_TIME = 'event_timestamp';
const CREATED_TIMES = ['created', 'created_timestamp'];

type WrittenView = Pick<FeatureViewDefinition, 'keys' | 'features' | 'eventTime' | 'createdTime'>;

/**
 * The features of a view as `/write-to-online-store` brings them: its join keys, all its features and the event time, by
 * their names or by Feast's. Further columns are not looked at.
 * @throws {CodedError} INVALID_INPUT that says which column is missing, or which value is not of its type.
 */
export function featureWrites({ keys, features, eventTime, createdTime }: WrittenView, frame: Frame): OnlineWrite[] {
  const timeColumn = firstIn(frame, [eventTime ?? EVENT_TIME, EVENT_TIME]);
  const createdColumn = [createdTime, ...CREATED_TIMES].find(
    (name) => name !== null && Object.hasOwn(frame.columns, name),
  );
  const times = valuesOf(frame, { name: timeColumn, type: 'TIMESTAMP' });
  const created =
    createdColumn === undefined || createdColumn === null
      ? null
      : valuesOf(frame, { name: createdColumn, type: 'TIMESTAMP' });
  const keyColumns = keys.map((key) => valuesOf(frame, key));
  const featureColumns = features.map((feature) => valuesOf(frame, feature));
  return times.map((time, row) => {
    if (time === null) throw new CodedError('INVALID_INPUT', `df.${timeColumn}[${row}]: an event time is missing.`);
    const known = created?.[row] ?? null;
    return {
      entity: keyColumns.map((column) => column[row] ?? null),
      eventTime: Number(time),
      createdTime: known === null ? null : Number(known),
      values: featureColumns.map((column) => column[row] ?? null),
    };
  });
}

type PushedView = Pick<FeatureViewDefinition, 'columns' | 'eventTime' | 'createdTime'>;

/**
 * Rows of a view's source as `/push` brings them, with times by their names or by Feast's, for those who check them. Moments
 * as numbers become milliseconds.
 */
export function sourceRows({ columns, eventTime, createdTime }: PushedView, frame: Frame): JsonRow[] {
  const moments = new Set(columns.flatMap(({ name, type }) => (type === 'TIMESTAMP' ? [name] : [])));
  const ours = (name: string): string => {
    if (moments.has(name)) return name;
    if (name === EVENT_TIME) return eventTime ?? name;
    return CREATED_TIMES.includes(name) ? (createdTime ?? name) : name;
  };
  return rowsOf(frame).map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([given, value]) => {
        const name = ours(given);
        return [name, moments.has(name) && typeof value === 'number' ? value * MILLISECONDS : value];
      }),
    ),
  );
}

const firstIn = ({ columns }: Frame, names: readonly string[]): string =>
  names.find((name) => Object.hasOwn(columns, name)) ?? names[0] ?? '';

function valuesOf({ columns }: Frame, { name, type }: TypedColumn): FeatureValue[] {
  const given = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (given === undefined) throw new CodedError('INVALID_INPUT', `df: lacks the column ${name} (${type}).`);
  return given.map((value, row) => {
    const read = feastValue(value, type);
    if (read !== undefined) return read;
    const shown = (JSON.stringify(value) ?? 'nothing').slice(0, 60);
    throw new CodedError('INVALID_INPUT', `df.${name}[${row}]: must be ${type}, not ${shown}.`);
  });
}

/** A value as Feast's clients write it: moments as numbers are seconds. Undefined where it is not of the type. */
export function feastValue(value: unknown, type: TypedColumn['type']): FeatureValue | undefined {
  return fromJson(type === 'TIMESTAMP' && typeof value === 'number' ? value * MILLISECONDS : value, type);
}
