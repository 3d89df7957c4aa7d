import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkCutter, type ChunkRange } from '../chunk-cutter.js';
import { readCsvRows, scanCsv } from './csv-input.js';
import type { InputColumn, InputLimits, InputRow, RowVisitor } from './input-file.js';
import { readNdjsonRows, scanNdjson } from './ndjson-input.js';

const limits: InputLimits = { maxRowBytes: 1_000, maxColumns: 8, maxRows: 1_000 };

interface Format {
  readonly scan: (source: Readable, limits: InputLimits, visitor: RowVisitor) => Promise<InputColumn[]>;
  readonly read: (chunk: Buffer, columns: InputColumn[]) => InputRow[];
}
const csv: Format = { scan: scanCsv, read: readCsvRows };
const ndjson: Format = { scan: scanNdjson, read: readNdjsonRows };

/** Cuts a file and reads its chunks, as the worker does. @param pieceBytes size in which the bytes arrive. */
async function readAll(format: Format, file: Buffer, chunkRows = 3, pieceBytes = 7, maximum = limits) {
  const pieces = Array.from({ length: Math.ceil(file.length / pieceBytes) }, (_, index) =>
    file.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  let cutter = new ChunkCutter(chunkRows, 200, 0);
  const chunks: (ChunkRange | undefined)[] = [];
  const columns = await format.scan(Readable.from(pieces, { objectMode: false }), maximum, {
    begin: (startByte) => (cutter = new ChunkCutter(chunkRows, 200, startByte)),
    row: (endByte) => void chunks.push(cutter.add(endByte)),
  });
  chunks.push(cutter.finish());
  const ranges = chunks.filter((chunk) => chunk !== undefined);
  const rows = ranges.flatMap(({ startByte, endByte, rows: count }) => {
    const read = format.read(file.subarray(startByte, endByte), columns);
    expect(read).toHaveLength(count);
    return read;
  });
  return { columns, rows, ranges };
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

const refusal = (message: RegExp) => ({ code: 'INVALID_FILE', message: expect.stringMatching(message) });

describe('CSV', () => {
  it('reads rows as they stand, with quotes, line breaks, blank lines, a mark of byte order and either line end', async () => {
    const file = Buffer.from('\uFEFFa,b\r\n1,"x\r\n""y"""\r\n\r\n3,é\n4,"5,6"\r\n7,8');
    const { columns, rows } = await readAll(csv, file, 2);
    expect(columns).toEqual([
      { name: 'a', kind: 'TEXT' },
      { name: 'b', kind: 'TEXT' },
    ]);
    expect(rows.map(({ fields }) => fields)).toEqual([
      { a: '1', b: 'x\r\n"y"' },
      { a: '3', b: 'é' },
      { a: '4', b: '5,6' },
      { a: '7', b: '8' },
    ]);
  });

  it('tells a row with another number of fields than the header', async () => {
    const { rows } = await readAll(csv, Buffer.from('a,b\n1\n1,2\n1,2,3\n'));
    expect(rows.map(({ problem }) => problem)).toEqual([
      'has 1 fields; the header has 2',
      null,
      'has 3 fields; the header has 2',
    ]);
  });

  it('reads any table in any pieces and chunks', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é', '😀', ' ', '1') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 20 }),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 5 }),
        async (table, end, pieceBytes, chunkRows) => {
          const lines = table.map((row) => row.map(quoted).join(','));
          const { rows } = await readAll(csv, Buffer.from(['x,y', ...lines, ''].join(end)), chunkRows, pieceBytes);
          expect(rows).toEqual(table.map(([x, y]) => ({ fields: { x, y }, problem: null })));
        },
      ),
    );
  });

  const bad: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ['an unclosed quote', 'a,b\n1,2\n3,"4\n5,6\n', /^row 2: a quote is opened here and never closed/],
    ['text behind a closing quote', 'a,b\n1,"2"x\n', /^row 1: a closing quote is followed/],
    ['a quote within a field', 'a,b\n1,x"y"\n', /^row 1: a quote stands within/],
    ['a row without end', `a,b\n1,2\n${'x'.repeat(5_000)}`, /^row 2: the row is longer than 1000 bytes/],
    ['a quoted field without end', `a,b\n1,"${'x\n'.repeat(5_000)}`, /^row 1: the row is longer than/],
    ['a header without end', 'x'.repeat(5_000), /^header: the row is longer/],
    ['too many columns', 'a,b,c,d,e,f,g,h,i\n', /^header: there are more than 8 columns/],
    ['a column named twice', 'a,b,a\n', /^header: the column "a" is named twice/],
    ['binary junk', Buffer.from([0x61, 0x0a, 0x00, 0x01, 0x02]), /^byte 2: this is no UTF-8 text/],
    ['another encoding', Buffer.from('a,b\nM\u00fcller,1\n', 'latin1'), /^byte \d+: this is no UTF-8 text/],
    ['a character that is cut', Buffer.from('a\n😀').subarray(0, 4), /^byte 4: this is no UTF-8 text/],
  ];
  it.each(bad)('refuses %s, and says where', async (_, file, message) => {
    await expect(readAll(csv, Buffer.from(file))).rejects.toMatchObject(refusal(message));
  });

  it('refuses more rows than are taken', async () => {
    const reading = readAll(csv, Buffer.from('a\n1\n2\n3\n'), 3, 7, { ...limits, maxRows: 2 });
    await expect(reading).rejects.toMatchObject(refusal(/^row 3: there are more than 2 rows/));
  });

  it('passes on what the source fails with', async () => {
    const source = Readable.from(
      (async function* () {
        yield Buffer.from('a,b\n');
        throw new Error('gone');
      })(),
    );
    await expect(scanCsv(source, limits, { begin: () => undefined, row: () => undefined })).rejects.toThrow('gone');
  });
});

describe('NDJSON', () => {
  it('reads objects, also without a last newline, and knows the columns of all of them', async () => {
    const file = Buffer.from('\uFEFF{"a":1,"b":"x"}\r\n\n  \n{"a":2.5,"c":null}\n{"a":3,"b":7,"d":[1]}');
    const { columns, rows } = await readAll(ndjson, file, 2);
    expect(columns).toEqual([
      { name: 'a', kind: 'NUMBER' },
      { name: 'b', kind: 'JSON' },
      { name: 'c', kind: 'JSON' },
      { name: 'd', kind: 'JSON' },
    ]);
    expect(rows.map(({ fields }) => fields)).toEqual([
      { a: 1, b: 'x' },
      { a: 2.5, c: null },
      { a: 3, b: 7, d: [1] },
    ]);
  });

  it('reads any objects in any pieces and chunks', async () => {
    const object = fc.dictionary(fc.constantFrom('a', 'b', 'é', '__proto__'), fc.jsonValue({ maxDepth: 1 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(object, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 30 }),
        async (objects, pieceBytes) => {
          const texts = objects.map((item) => JSON.stringify(item)).filter((text) => text.length < 900);
          const { rows } = await readAll(ndjson, Buffer.from(texts.join('\n')), 3, pieceBytes);
          expect(rows.map(({ fields }) => fields)).toEqual(texts.map((text) => JSON.parse(text) as unknown));
        },
      ),
    );
  });

  it('takes the NaN of Python for a text, so that its row fails alone', async () => {
    const { rows } = await readAll(ndjson, Buffer.from('{"a": NaN, "b": [-Infinity, "NaN"]}\n'));
    expect(rows[0]?.fields).toEqual({ a: 'NaN', b: ['-Infinity', 'NaN'] });
  });

  const deep = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['a line that is no object', '{"a":1}\n[1]\n', /^line 2: this is no JSON object/],
    ['a line that is null', 'null\n', /^line 1: this is no JSON object/],
    ['a line that is no JSON', '{"a":1}\n\n{"a":\n', /^line 3: this is no JSON/],
    ['a line without end', `{"a":1}\n{"a":"${'x'.repeat(5_000)}`, /^line 2: the row is longer than 1000 bytes/],
    [
      'too many columns',
      'abcdefghi'
        .split('')
        .map((key) => `{"${key}":1}`)
        .join('\n'),
      /^line 9: there are more/,
    ],
    ['a column name with U+0000', String.raw`{"a\u0000":1}`, /^line 1: the name "a\\u0000" holds characters/],
    ['a column name with half a character', String.raw`{"\ud800":1}`, /^line 1: the name "\\ud800" holds characters/],
    ['binary junk', '{"a":1}\n\u0000\u0001', /^byte 8: this is no UTF-8 text/],
  ];
  it.each(bad)('refuses %s, and says where', async (_, file, message) => {
    await expect(readAll(ndjson, Buffer.from(file))).rejects.toMatchObject(refusal(message));
  });

  it('refuses an object that is nested without end', async () => {
    const reading = readAll(ndjson, Buffer.from(deep), 3, 5_000, { ...limits, maxRowBytes: 100_000 });
    await expect(reading).rejects.toMatchObject(refusal(/^line 1: the object is nested too deeply/));
  });

  it('refuses more rows than are taken', async () => {
    const reading = readAll(ndjson, Buffer.from('{}\n{}\n{}\n'), 3, 7, { ...limits, maxRows: 2 });
    await expect(reading).rejects.toMatchObject(refusal(/^line 3: there are more than 2 rows/));
  });
});
