import { CodedError } from '../../../common/errors/coded-error.js';
import { fromJson, type JsonRow } from '../json-values.rules.js';
import type { EntityKey } from '../online/online-store.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';
import type { ServingPlan } from './serving-plan.rules.js';

/** The entities of a call. */
export interface EntityRows {
  /** For each entity the values of the plan's keys, in their order. */
  readonly keys: readonly EntityKey[];
  /** For each entity the values of the fields that on-demand views need, by name. */
  readonly fields: readonly Readonly<Record<string, FeatureValue>>[];
}

/**
 * Reads the entities of a call: each row has its join keys and request fields.
 * @param common fields of the request that hold for every entity whose row does not have them.
 * @throws {CodedError} INVALID_INPUT that says which row lacks what, or has what it should not.
 */
export function entityRows(plan: ServingPlan, rows: readonly JsonRow[], common: JsonRow): EntityRows {
  const known = new Set([...plan.keys, ...plan.fields].map(({ name }) => name));
  const stranger = Object.keys(common).find((name) => !plan.fields.some((field) => field.name === name));
  if (stranger !== undefined) throw unknownName('request', stranger, plan.fields);
  const keys: FeatureValue[][] = [];
  const fields: Readonly<Record<string, FeatureValue>>[] = [];
  for (const [index, row] of rows.entries()) {
    for (const name in row) {
      if (!known.has(name)) throw unknownName(`entities[${index}]`, name, [...plan.keys, ...plan.fields]);
    }
    keys.push(plan.keys.map((key) => valueOf(row[key.name], key, index)));
    if (plan.derivations.length > 0) fields.push(fieldsOf(plan.fields, row, common, index));
  }
  return { keys, fields };
}

const fieldsOf = (
  fields: readonly TypedColumn[],
  row: JsonRow,
  common: JsonRow,
  index: number,
): Record<string, FeatureValue> =>
  Object.fromEntries(
    fields.map((field) => [
      field.name,
      valueOf(row[field.name] === undefined ? common[field.name] : row[field.name], field, index),
    ]),
  );

function valueOf(value: unknown, { name, type }: TypedColumn, index: number): FeatureValue {
  if (value === undefined) throw invalid(`entities[${index}] lacks ${name} (${type})`);
  const read = fromJson(value, type);
  if (read !== undefined) return read;
  throw invalid(`entities[${index}].${name} must be ${type}, not ${JSON.stringify(value).slice(0, 60)}`);
}

const unknownName = (where: string, name: string, columns: readonly TypedColumn[]): CodedError =>
  invalid(
    `${where} has ${JSON.stringify(name.slice(0, 128))}, which these features do not need; they need ` +
      (columns.map((column) => column.name).join(', ') || 'nothing'),
  );

const invalid = (problem: string): CodedError => new CodedError('INVALID_INPUT', `${problem}.`);
