import { describe, expect, it } from 'vitest';
import { useDataEngine } from '../../../../../test/support/data-engine.js';
import { literal } from '../../engine/sql-text.js';
import type { ValueType } from '../../value-types.js';
import { assertLabelNames, formCounts, typedColumn, typeOfForms } from './label-columns.rules.js';

const engine = useDataEngine();

describe('columns that are needed', () => {
  it.each<[ValueType, string, string, unknown]>([
    ['INT64', 'INTEGER', '7', 7],
    ['INT64', 'DOUBLE', '7', 7],
    ['INT64', 'UBIGINT', '7', 7],
    ['FLOAT64', 'BIGINT', '7', 7],
    ['STRING', 'VARCHAR', "'x'", 'x'],
    ['BOOLEAN', 'BOOLEAN', 'true', true],
    ['TIMESTAMP', 'DATE', "'2026-01-01'", Date.UTC(2026, 0, 1)],
    ['TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', "'2026-01-01 01:00:00+01'", Date.UTC(2026, 0, 1)],
  ])('take %s from %s', async (type, given, text, expected) => {
    const { value, faults } = typedColumn({ name: 'a', type }, given);
    const from = `(SELECT CAST(${text} AS ${given}) AS a)`;
    const wrong = faults.map(({ isBroken }) => isBroken).join(' OR ') || 'false';
    expect(await engine().rows(`SELECT ${value} AS taken, ${wrong} AS wrong FROM ${from}`)).toEqual([
      { taken: expected, wrong: false },
    ]);
  });

  it.each(['1.5', "'nan'", "'inf'", '1e30'])('take no %s for a whole number', async (text) => {
    const [fault] = typedColumn({ name: 'a', type: 'INT64' }, 'DOUBLE').faults;
    const from = `(SELECT CAST(${text} AS DOUBLE) AS a)`;
    expect(await engine().rows(`SELECT ${fault?.isBroken ?? ''} AS wrong FROM ${from}`)).toEqual([{ wrong: true }]);
  });

  it.each<[ValueType, string]>([
    ['INT64', 'VARCHAR'],
    ['STRING', 'BIGINT'],
    ['TIMESTAMP', 'BIGINT'],
    ['BOOLEAN', 'INTEGER'],
    ['STRING', 'INTEGER[]'],
  ])('refuse %s from %s', (type, given) => {
    expect(() => typedColumn({ name: 'a', type }, given)).toThrow(`"a" of the labels holds ${given}`);
  });

  it('must be there, and names must be ones that can stand in a result', () => {
    const needed = [{ name: 'user', type: 'STRING' as const }];
    expect(() => assertLabelNames(['user', 'x'], needed)).not.toThrow();
    expect(() => assertLabelNames(['x'], needed)).toThrow('no column "user"; they have "x"');
    for (const name of ['', '__x', 'a\0', 'n'.repeat(257)]) {
      expect(() => assertLabelNames(['user', name], needed)).toThrow('cannot be called');
    }
  });
});

describe('columns of which only the texts are known', () => {
  it.each<[readonly (string | null)[], ValueType]>([
    [['1', '-20', null], 'INT64'],
    [['007'], 'STRING'],
    [['12345678901234567890'], 'FLOAT64'],
    [['1', '2.5', '-1e-3', 'nan', 'inf'], 'FLOAT64'],
    [['true', 'False'], 'BOOLEAN'],
    [['true', '1'], 'STRING'],
    [[''], 'STRING'],
    [[null], 'STRING'],
    [[], 'STRING'],
  ])('of %j hold %s', async (texts, type) => {
    const values = texts.map((text) => `(${text === null ? 'NULL' : literal(text)})`).join(', ');
    const from = texts.length === 0 ? '(SELECT NULL::VARCHAR AS t WHERE false)' : `(VALUES ${values}) AS given(t)`;
    const counts = formCounts('t').map((count, at) => `${count} AS c${at}`);
    const [row = {}] = await engine().rows(`SELECT ${counts.join(', ')} FROM ${from}`);
    expect(typeOfForms(Object.values(row).map(Number))).toBe(type);
  });
});
