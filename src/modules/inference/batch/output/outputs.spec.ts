import { parse } from 'csv-parse/sync';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import type { TensorSpec } from '../../../registry/tensor-spec.js';
import { failedRow } from '../row-outcome.rules.js';
import { csvOutput } from './csv-output.js';
import { ndjsonOutput } from './ndjson-output.js';
import { outputColumns, type OutputRow, type OutputRows } from './output-file.js';
import { parquetOutput } from './parquet-output.js';

const spec = (name: string, datatype: TensorSpec['datatype'], shape: number[]): TensorSpec => ({
  name,
  datatype,
  shape,
});
const outputs = [
  spec('class', 'INT64', [-1]),
  spec('score', 'FP32', [-1, 1]),
  spec('scores', 'FP32', [-1, 2]),
  spec('word', 'BYTES', [-1]),
  spec('flag', 'BOOL', [-1]),
];
const values = { class: 2, score: 'NaN', scores: [0.25, 0.75], word: 'a "b", c', flag: true };
const rows: OutputRow[] = [
  { row: 1, input: { x: '1', y: null }, outcome: { label: 'setosa', probability: 0.75, values, error: null } },
  { row: 2, input: { x: 'é' }, outcome: failedRow('INVALID_RECORD', 'y: is missing.') },
  {
    row: 3,
    input: { x: '3', y: { z: 1 } },
    outcome: { label: null, probability: null, values: { ...values, class: '9007199254740993' }, error: null },
  },
];
const columns = outputColumns(outputs, [
  { name: 'x', kind: 'TEXT' },
  { name: 'y', kind: 'JSON' },
]);

async function* grouped(all: readonly OutputRow[], length: number): OutputRows {
  for (let start = 0; start < all.length; start += length) yield all.slice(start, start + length);
  yield [];
}

async function bytesOf(output: AsyncIterable<string | Uint8Array>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of output) parts.push(Buffer.from(part as string));
  return Buffer.concat(parts);
}

describe('outputs', () => {
  it('writes CSV with a column for each output, lists as JSON and nothing for what is missing', async () => {
    const text = (await bytesOf(csvOutput(columns, grouped(rows, 2)))).toString();
    expect(text.split('\n')[0]).toBe(
      'row,input_x,input_y,label,probability,output_class,output_score,output_scores,output_word,output_flag,error',
    );
    const [first, second, third] = parse(text, { columns: true });
    expect(first).toEqual({
      row: '1',
      input_x: '1',
      input_y: '',
      label: 'setosa',
      probability: '0.75',
      output_class: '2',
      output_score: 'NaN',
      output_scores: '[0.25,0.75]',
      output_word: 'a "b", c',
      output_flag: 'true',
      error: '',
    });
    expect(second).toMatchObject({ row: '2', label: '', output_scores: '', error: 'INVALID_RECORD: y: is missing.' });
    expect(third).toMatchObject({ input_y: '{"z":1}', output_class: '9007199254740993' });
  });

  it('writes NDJSON as the answer has it, with the input only where it is passed through', async () => {
    const lines = (await bytesOf(ndjsonOutput(grouped(rows, 2)))).toString().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      rows.map(({ row, input, outcome }) => ({ row, input, ...outcome })),
    );
    const bare = rows.map((row) => ({ ...row, input: null }));
    expect((await bytesOf(ndjsonOutput(grouped(bare, 9)))).toString()).not.toContain('"input"');
  });

  it('writes Parquet with typed columns', async () => {
    const file = await bytesOf(parquetOutput(columns, grouped(rows, 2)));
    const bytes = Uint8Array.from(file).buffer;
    const [first, second, third] = await parquetReadObjects({ file: bytes });
    expect(first).toEqual({
      row: 1n,
      input_x: '1',
      input_y: null,
      label: 'setosa',
      probability: 0.75,
      output_class: 2n,
      output_score: NaN,
      output_scores: [0.25, 0.75],
      output_word: 'a "b", c',
      output_flag: true,
      error: null,
    });
    expect(second).toMatchObject({ row: 2n, output_class: null, error: 'INVALID_RECORD: y: is missing.' });
    expect(third).toMatchObject({ input_y: { z: 1 }, output_class: 9_007_199_254_740_993n });
  });

  it('writes many row groups, and none', async () => {
    const many = Array.from({ length: 25_000 }, (_, index) => ({ ...rows[1], row: index + 1 }) as OutputRow);
    const file = Uint8Array.from(await bytesOf(parquetOutput(columns, grouped(many, 1_000)))).buffer;
    expect(parquetMetadata(file).row_groups).toHaveLength(3);
    const read = await parquetReadObjects({ file, columns: ['row'] });
    expect(read.map(({ row }) => Number(row))).toEqual(many.map(({ row }) => row));
    const scores = Array.from({ length: 500_000 }, () => 1);
    const heavy = many.slice(0, 20).map((row) => ({ ...row, outcome: { ...row.outcome, values: { scores } } }));
    const large = Uint8Array.from(await bytesOf(parquetOutput(columns, grouped(heavy, 4)))).buffer;
    expect(parquetMetadata(large).row_groups).toHaveLength(3);
    const none = Uint8Array.from(await bytesOf(parquetOutput(columns, grouped([], 1)))).buffer;
    expect(await parquetReadObjects({ file: none })).toEqual([]);
  });
});
