import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataColumn, openWorkbench, type TestWorkbench } from '../../../../test/support/workbench.js';
import { quoted } from '../engine/sql-text.js';
import { ROW, STAGED } from './staged-batch.js';
import { ARRIVED, seenCount, stageUnseen, watermarkCursorOf, type WatermarkCursor } from './unseen-rows.js';

const NOW = '2026-01-01 12:00:00+00';

let bench: TestWorkbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

interface Reading {
  readonly type: 'INT64' | 'TIMESTAMP';
  readonly overlap: number;
  readonly isCut?: boolean;
}

/** What comes of rows `[watermark, name]`. */
async function read(
  rows: readonly (readonly [string | null, string | null])[],
  before: WatermarkCursor | null,
  { type, overlap, isCut = false }: Reading,
) {
  const columns = [dataColumn('at', type), dataColumn('name', 'STRING')];
  for (const table of [ARRIVED, STAGED, 'marked', 'seen']) await bench.engine.run(`DROP TABLE IF EXISTS ${table}`);
  await bench.engine.run(`CREATE TABLE ${ARRIVED} (${quoted(ROW)} BIGINT, "at" VARCHAR, name VARCHAR)`);
  await bench.engine.append(
    ARRIVED,
    [{ name: ROW, type: 'INT64' }, dataColumn('at', 'STRING'), dataColumn('name', 'STRING')],
    (async function* () {
      yield Promise.resolve(rows.map((row, at) => [at + 1, ...row]));
    })(),
  );
  const arrival = { watermark: { column: 'at', overlap }, before, now: NOW, isCut };
  const { rows: count, cursor } = await stageUnseen(bench.engine, columns, arrival, {});
  const staged = await bench.engine.rows(`SELECT * FROM ${STAGED} ORDER BY ${quoted(ROW)}`);
  expect(staged.map((row) => row[ROW])).toEqual(staged.map((_, at) => at + 1));
  expect(staged).toHaveLength(count);
  return { names: staged.map(({ name }) => name), cursor: watermarkCursorOf(cursor && { ...cursor }) };
}

describe('rows that a source has by a watermark', () => {
  const numbers: Reading = { type: 'INT64', overlap: 0 };

  it('are taken once, also those that share the greatest value', async () => {
    const first = await read(
      [
        ['1', 'a'],
        ['2', 'b'],
        ['2', 'c'],
      ],
      null,
      numbers,
    );
    expect(first.names).toEqual(['a', 'b', 'c']);
    expect(first.cursor?.watermark).toBe('2');
    const second = await read(
      [
        ['2', 'c'],
        ['2', 'b'],
        ['2', 'late'],
        ['10', 'd'],
      ],
      first.cursor,
      numbers,
    );
    expect(second.names).toEqual(['late', 'd']);
    expect(second.cursor?.watermark).toBe('10');
    const third = await read([['10', 'd']], second.cursor, numbers);
    expect(third).toEqual({ names: [], cursor: second.cursor });
  });

  it('leave the cursor where it was when nothing came', async () => {
    const cursor = { watermark: '7', seen: '' };
    expect(await read([], cursor, numbers)).toEqual({ names: [], cursor });
    expect(await read([], null, numbers)).toEqual({ names: [], cursor: null });
    expect(
      await read(
        [
          [null, 'a'],
          ['x', 'b'],
        ],
        null,
        numbers,
      ),
    ).toEqual({ names: ['a', 'b'], cursor: null });
  });

  it('may be equal within one batch, and tell null from a text', async () => {
    const { cursor } = await read([['1', null]], null, numbers);
    expect(
      (
        await read(
          [
            ['1', null],
            ['1', 'null'],
            ['1', 'x'],
            ['1', 'x'],
          ],
          cursor,
          numbers,
        )
      ).names,
    ).toEqual(['null', 'x', 'x']);
  });

  it('that come late are found within the overlap', async () => {
    const reading: Reading = { type: 'TIMESTAMP', overlap: 3_600 };
    const first = await read(
      [
        ['2026-01-01 10:00:00+00', 'a'],
        ['2026-01-01T12:00:00+01:00', 'b'],
      ],
      null,
      reading,
    );
    expect(first.cursor?.watermark).toBe('2026-01-01T12:00:00+01:00');
    expect(first.cursor && seenCount(first.cursor)).toBe(2);
    const again = [
      ['2026-01-01 10:00:00+00', 'a'],
      ['2026-01-01 10:30:00', 'late'],
      ['2026-01-01T12:00:00+01:00', 'b'],
    ] as const;
    expect((await read(again, first.cursor, reading)).names).toEqual(['late']);
  });

  it('of the future do not hide those that come before them', async () => {
    const reading: Reading = { type: 'TIMESTAMP', overlap: 0 };
    const future = ['2099-01-01 00:00:00+00', 'f'] as const;
    const first = await read([['2026-01-01 10:00:00+00', 'a'], future], null, reading);
    expect(first.cursor?.watermark).toBe('2026-01-01 10:00:00+00');
    expect((await read([future], null, reading)).cursor).toBeNull();
    const second = await read([['2026-01-01 10:00:01+00', 'b'], future], first.cursor, reading);
    expect(second.names).toEqual(['b']);
  });

  it('are remembered beyond what was answered where there was more', async () => {
    const cut: Reading = { ...numbers, overlap: 5, isCut: true };
    const first = await read(
      [
        ['1', 'a'],
        ['2', 'b'],
      ],
      null,
      numbers,
    );
    const { cursor } = await read([['3', 'c']], first.cursor, cut);
    expect(
      (
        await read(
          [
            ['2', 'b'],
            ['3', 'c'],
            ['3', 'd'],
          ],
          cursor,
          cut,
        )
      ).names,
    ).toEqual(['d']);
  });

  it('are each taken exactly once, however they come about, while none is later than the overlap', async () => {
    const steps = fc.array(fc.array(fc.nat(4), { maxLength: 4 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(steps, async (lateness) => {
        const table: [string, string][] = [];
        const taken: string[] = [];
        let cursor: WatermarkCursor | null = null;
        for (const [step, lates] of lateness.entries()) {
          for (const [at, late] of lates.entries()) table.push([String(step + 10 - late), `${step}.${at}`]);
          const lowest: number = cursor === null ? 0 : Number(cursor.watermark) - 4;
          const arrived = table.filter(([value]) => Number(value) >= lowest);
          const result = await read(arrived, cursor, { type: 'INT64', overlap: 4 });
          taken.push(...result.names.map(String));
          ({ cursor } = result);
        }
        expect(taken.toSorted()).toEqual(table.map(([, name]) => name).toSorted());
      }),
      { numRuns: 15 },
    );
  });
});
