import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { OutputColumn, OutputRow, OutputRows } from './output-file.js';

/** Rows of a row group: fewer would make readers hop. */
const ROW_GROUP_ROWS = 10_000;

/** A row group ends earlier where it weighs as much as so many numbers. */
const ROW_GROUP_WEIGHT = 4_000_000;

/** A Parquet file, compressed by Snappy; lists are JSON. Only one row group is held at a time. */
export async function* parquetOutput(columns: readonly OutputColumn[], rows: OutputRows): AsyncGenerator<Buffer, void> {
  const bytes = new ByteWriter();
  const schema = [{ name: 'root', num_children: columns.length }, ...columns.map(elementOf)];
  const writer = new ParquetWriter({ writer: bytes, schema });
  let pending: OutputRow[] = [];
  let weight = 0;
  const writeGroup = async (): Promise<Buffer> => {
    const columnData = columns.map((column) => ({
      name: column.name,
      data: pending.map((row) => valueFor(column, row)),
    }));
    await writer.write({ columnData, rowGroupSize: Math.max(1, pending.length) });
    pending = [];
    weight = 0;
    return take(bytes);
  };
  for await (const group of rows) {
    pending = pending.concat(group);
    weight += weightOf(group);
    if (pending.length >= ROW_GROUP_ROWS || weight >= ROW_GROUP_WEIGHT) yield await writeGroup();
  }
  if (pending.length > 0) yield await writeGroup();
  await writer.finish();
  yield take(bytes);
}

/** What was written since it was asked last; offsets go on counting. */
function take(bytes: ByteWriter): Buffer {
  const taken = Buffer.from(bytes.getBuffer());
  bytes.index = 0;
  return taken;
}

/** About how many numbers take as much memory as the value: 8 bytes each. */
function weightOf(value: unknown): number {
  if (typeof value === 'string') return Math.ceil(value.length / 8);
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, part) => sum + weightOf(part), 1);
}

const elements: Readonly<Record<OutputColumn['kind'], Pick<SchemaElement, 'type' | 'converted_type'>>> = {
  INTEGER: { type: 'INT64' },
  NUMBER: { type: 'DOUBLE' },
  BOOLEAN: { type: 'BOOLEAN' },
  TEXT: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  JSON: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
};

function elementOf({ name, kind }: OutputColumn): SchemaElement {
  return { name, repetition_type: 'OPTIONAL', ...elements[kind] };
}

/** Integers beyond 2^53 and floats that are no number came as texts. */
function valueFor({ kind, valueOf }: OutputColumn, row: OutputRow): unknown {
  const value = valueOf(row) ?? null;
  if (value === null) return null;
  if (kind === 'INTEGER') return BigInt(value as number | string);
  if (kind === 'NUMBER') return Number(value);
  return kind === 'TEXT' && typeof value !== 'string' ? JSON.stringify(value) : value;
}
