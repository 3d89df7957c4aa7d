import type { TensorSpec } from '../../../registry/tensor-spec.js';
import type { InputColumn } from '../input/input-file.js';
import type { RowOutcome } from '../row-outcome.rules.js';

/** One row of the output. */
export interface OutputRow {
  /** Number of the input's row, from 1. */
  readonly row: number;
  /** The input's row; null unless it is to be passed through. */
  readonly input: Readonly<Record<string, unknown>> | null;
  readonly outcome: RowOutcome;
}

export interface OutputColumn {
  readonly name: string;
  readonly kind: 'INTEGER' | 'NUMBER' | 'BOOLEAN' | 'TEXT' | 'JSON';
  readonly valueOf: (row: OutputRow) => unknown;
}

const kinds: Readonly<Partial<Record<TensorSpec['datatype'], OutputColumn['kind']>>> = {
  BOOL: 'BOOLEAN',
  BYTES: 'TEXT',
  FP16: 'NUMBER',
  FP32: 'NUMBER',
  FP64: 'NUMBER',
  // Half of its numbers fit no integer that tables have.
  UINT64: 'JSON',
};

/**
 * The columns of an output file that is a table: row, input_* where the input is passed through, label, probability,
 * output_* and error. Prefixes keep a column of the input from being taken for one of Nestor's.
 */
export function outputColumns(
  outputs: readonly TensorSpec[],
  inputColumns: readonly InputColumn[] | null,
): OutputColumn[] {
  return [
    { name: 'row', kind: 'INTEGER', valueOf: ({ row }) => row },
    ...(inputColumns ?? []).map(({ name, kind }): OutputColumn => ({
      name: `input_${name}`,
      kind,
      valueOf: ({ input }) => (input !== null && Object.hasOwn(input, name) ? input[name] : null),
    })),
    { name: 'label', kind: 'TEXT', valueOf: ({ outcome }) => outcome.label },
    { name: 'probability', kind: 'NUMBER', valueOf: ({ outcome }) => outcome.probability },
    ...outputs.map((output): OutputColumn => ({
      name: `output_${output.name}`,
      kind: kindOf(output),
      valueOf: ({ outcome }) => outcome.values?.[output.name] ?? null,
    })),
    { name: 'error', kind: 'TEXT', valueOf: ({ outcome }) => outcome.error },
  ];
}

/** What an output holds for one row: a single element is a value of its own, more are a list. */
function kindOf({ datatype, shape }: TensorSpec): OutputColumn['kind'] {
  const isSingle = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  return isSingle ? (kinds[datatype] ?? 'INTEGER') : 'JSON';
}

/** Rows of the output, a group at a time. */
export type OutputRows = AsyncIterable<readonly OutputRow[]>;
