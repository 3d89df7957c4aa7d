import { CodedError } from '../../../common/errors/coded-error.js';
import { type Datatype, type DatatypeEntry, datatypeTable } from '../../../common/tensor/datatypes.js';
import { tensorFromJson } from '../../../common/tensor/tensor-json.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { ModelMetadata } from '../../registry/model-metadata.js';
import { preprocessed } from '../../registry/preprocessing.rules.js';
import type { TensorSpec } from '../../registry/tensor-spec.js';
import type { ModelContract } from './model-contract.js';
import { shorten } from './tensors.rules.js';

type Preprocessing = ModelMetadata['preprocessing'];
type JsonRecord = Readonly<Record<string, unknown>>;

/** Which fields of a record fill one input, and the shape of that input for one record. */
interface ColumnGroup {
  readonly input: TensorSpec;
  readonly columns: readonly string[];
  readonly rowShape: readonly number[];
}

/**
 * Makes the model's input tensors of records, one row a record. The fields are the model's input columns, or, where it
 * has none and each input takes one value a row, the names of its inputs.
 * @throws {CodedError} INVALID_RECORD naming the record and the field; TENSOR_TOO_LARGE above `maxElements`.
 */
export function recordsToTensors(model: ModelContract, given: unknown, maxElements: number): Tensor[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw new CodedError('INVALID_RECORD', 'records: give a list of at least one record.');
  }
  const records: readonly unknown[] = given;
  const groups = columnGroups(model);
  const fields = new Set(groups.flatMap((group) => group.columns));
  if (records.length * fields.size > maxElements) {
    throw new CodedError(
      'TENSOR_TOO_LARGE',
      `records: ${records.length} records of ${fields.size} fields are more than the ${maxElements} values that are ` +
        'taken as JSON. Send fewer records at once, or one tensor as base64.',
    );
  }
  const checked = records.map((record, index) => checkRecord(record, index, fields));
  return groups.map((group) => {
    assertRowCount(group, records.length);
    const elements = checked.flatMap((record, index) => rowOf(group, record, index, model.metadata.preprocessing));
    const shape = [records.length, ...group.rowShape];
    return tensorFromJson(group.input.name, group.input.datatype, shape, elements);
  });
}

export function columnGroups({ signature: { inputs }, metadata }: ModelContract): ColumnGroup[] {
  const columns = metadata.inputColumns ?? [];
  const [only] = inputs;
  if (columns.length > 0) {
    if (inputs.length === 1 && only !== undefined && takesRows(only, columns.length)) {
      return [{ input: only, columns, rowShape: [columns.length] }];
    }
    throw refuseRecords('its input columns do not make up the rows of its one input');
  }
  if (inputs.length > 0 && inputs.every((input) => takesRows(input, 1) || isColumn(input))) {
    return inputs.map((input) => ({ input, columns: [input.name], rowShape: isColumn(input) ? [] : [1] }));
  }
  throw refuseRecords('it has no input columns');
}

/** Whether the input is a table whose rows have `width` values. */
function takesRows({ shape }: TensorSpec, width: number): boolean {
  return shape.length === 2 && (shape[1] === width || shape[1] === -1);
}

function isColumn({ shape }: TensorSpec): boolean {
  return shape.length === 1;
}

function assertRowCount({ input }: ColumnGroup, count: number): void {
  const [rows = -1] = input.shape;
  if (rows !== -1 && rows !== count) {
    throw new CodedError('INVALID_RECORD', `records: has ${count} records; the model takes exactly ${rows} at a time.`);
  }
}

function refuseRecords(reason: string): CodedError {
  return new CodedError('INVALID_RECORD', `records: the model takes no records, as ${reason}. Send inputs instead.`);
}

function checkRecord(record: unknown, index: number, fields: ReadonlySet<string>): JsonRecord {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new CodedError('INVALID_RECORD', `records[${index}]: is not an object of fields.`);
  }
  const fieldsGiven: JsonRecord = record as JsonRecord;
  for (const field of Object.keys(fieldsGiven)) {
    if (!fields.has(field)) {
      throw new CodedError(
        'INVALID_RECORD',
        `records[${index}].${shorten(field)}: the model has no such column; it takes ${[...fields].join(', ')}.`,
      );
    }
  }
  return fieldsGiven;
}

function rowOf(group: ColumnGroup, record: JsonRecord, index: number, preprocessing: Preprocessing): unknown[] {
  const { datatype } = group.input;
  return group.columns.map((column, position) => {
    const place = `records[${index}].${column}`;
    if (!Object.hasOwn(record, column)) {
      throw new CodedError(
        'INVALID_RECORD',
        `${place}: is missing; it takes ${wording[datatypeTable[datatype].kind]}.`,
      );
    }
    const value = record[column];
    const scaled = typeof value === 'number' ? preprocessed(value, position, preprocessing) : value;
    if (!fits(datatype, scaled)) {
      const shown = shorten(JSON.stringify(value) ?? 'nothing');
      const { kind, minimum, maximum } = datatypeTable[datatype];
      const range = kind === 'string' || kind === 'boolean' ? '' : ` from ${minimum} to ${maximum}`;
      throw new CodedError('INVALID_RECORD', `${place}: is ${shown}; it takes ${wording[kind]}${range}.`);
    }
    return scaled;
  });
}

const wording = {
  boolean: 'true or false',
  integer: 'a whole number',
  bigInteger: 'a whole number, beyond 2^53 as a decimal string',
  float: 'a number',
  string: 'a string',
} as const;

/** Whether a value is one that the datatype can hold, of each kind. */
const fitsKind: Readonly<Record<DatatypeEntry['kind'], (value: unknown, entry: DatatypeEntry) => boolean>> = {
  boolean: (value) => typeof value === 'boolean',
  string: (value) => typeof value === 'string',
  float: (value, { minimum, maximum }) => typeof value === 'number' && value >= minimum && value <= maximum,
  integer: (value, { minimum, maximum }) =>
    typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum,
  bigInteger: (value, { minimum, maximum }) => {
    const whole = wholeNumber(value);
    return whole !== undefined && whole >= minimum && whole <= maximum;
  },
};

function fits(datatype: Datatype, value: unknown): boolean {
  const entry = datatypeTable[datatype];
  return fitsKind[entry.kind](value, entry);
}

function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}
