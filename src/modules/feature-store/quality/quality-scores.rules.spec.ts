import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultExpectations, type FileCounts } from './data-quality.js';
import { findingsOf } from './quality-findings.rules.js';
import {
  breachesOf,
  columnQualities,
  expressionQuality,
  freshnessOf,
  scoresOf,
  type SourceFacts,
} from './quality-scores.rules.js';

const facts: SourceFacts = {
  keyColumns: ['id'],
  rowsQuarantined: 0,
  lostValues: new Map(),
  maxAgeSeconds: null,
  maxSilenceSeconds: null,
  lastCollectedAt: null,
};

/** What can be counted in a file with the columns `id` and `age`. */
const anyFile: fc.Arbitrary<FileCounts> = fc.nat(50).chain((rows) =>
  fc
    .record({
      invalidRows: fc.nat(rows),
      duplicates: fc.nat(Math.max(0, rows - 1)),
      newestEvent: fc.option(fc.nat(1_000_000)),
      present: fc.tuple(fc.nat(rows), fc.nat(rows)),
      broken: fc.nat(rows),
    })
    .map(({ present: [ids, ages], broken, ...counts }) => ({
      ...counts,
      rows,
      columns: [
        { column: 'id', present: ids, invalid: 0 },
        { column: 'age', present: ages, invalid: Math.min(ages, counts.invalidRows) },
      ],
      expressions: [{ rule: 'sane', broken, error: null }],
    })),
);
const anyFiles = fc.array(anyFile, { minLength: 1, maxLength: 4 });
const rule = { name: 'sane', expression: 'true' };

const empty: FileCounts = {
  rows: 0,
  invalidRows: 0,
  duplicates: 0,
  newestEvent: null,
  columns: [{ column: 'id', present: 0, invalid: 0 }],
  expressions: [],
};

/** One file as if its rows were in two. */
const sumOf = (files: readonly FileCounts[]): FileCounts => ({
  rows: files.reduce((sum, file) => sum + file.rows, 0),
  invalidRows: files.reduce((sum, file) => sum + file.invalidRows, 0),
  duplicates: files.reduce((sum, file) => sum + (file.duplicates ?? 0), 0),
  newestEvent: files.reduce<number | null>(
    (newest, file) => (file.newestEvent === null ? newest : Math.max(newest ?? 0, file.newestEvent)),
    null,
  ),
  columns: ['id', 'age'].map((column, at) => ({
    column,
    present: files.reduce((sum, file) => sum + (file.columns[at]?.present ?? 0), 0),
    invalid: files.reduce((sum, file) => sum + (file.columns[at]?.invalid ?? 0), 0),
  })),
  expressions: [
    { rule: 'sane', broken: files.reduce((sum, file) => sum + (file.expressions[0]?.broken ?? 0), 0), error: null },
  ],
});

describe('scores', () => {
  it('are of all rows, however they lie in files, and from 0 to 1 or not told', () => {
    fc.assert(
      fc.property(anyFiles, fc.nat(2_000_000), (files, now) => {
        const given = { ...facts, maxAgeSeconds: 60 };
        const rules = [expressionQuality(files, rule)];
        const scores = scoresOf(files, given, rules, now);
        expect(scores).toEqual(scoresOf([sumOf(files)], given, [expressionQuality([sumOf(files)], rule)], now));
        const columns = columnQualities(files, given);
        expect(columns).toEqual(columnQualities([sumOf(files)], given));
        for (const score of [
          ...Object.values(scores),
          ...columns.flatMap(({ completeness, validity }) => [completeness, validity]),
        ]) {
          expect(score === null || (score >= 0 && score <= 1)).toBe(true);
        }
      }),
    );
  });

  it('are not told where there is nothing to tell them by', () => {
    expect(scoresOf([empty], facts, [], 0)).toEqual({
      COMPLETENESS: null,
      UNIQUENESS: null,
      VALIDITY: null,
      CONSISTENCY: null,
      TIMELINESS: null,
    });
    const undeclared = { ...empty, rows: 4, duplicates: null, newestEvent: 5 };
    expect(scoresOf([undeclared], facts, [], 9)).toMatchObject({
      UNIQUENESS: null,
      TIMELINESS: null,
      CONSISTENCY: null,
    });
  });

  it('get lower by rows that were left out and by values that were lost', () => {
    const file = { ...empty, rows: 6, columns: [{ column: 'age', present: 4, invalid: 1 }], invalidRows: 1 };
    const given = { ...facts, rowsQuarantined: 4, lostValues: new Map([['age', 2]]) };
    expect(scoresOf([file], given, [], 0).VALIDITY).toBe(0.3);
    expect(columnQualities([file], given)).toEqual([
      { column: 'age', completeness: 4 / 6, uniqueness: null, validity: 0.5 },
    ]);
  });

  it('tell the worst rule and the oldest of what must be young', () => {
    const rules = [0.9, 0.4, null].map((score, at) => ({
      rule: `r${at}`,
      score,
      rows: 10,
      broken: 0,
      error: null,
      referencedVersion: null,
    }));
    const given = { ...facts, maxAgeSeconds: 10, maxSilenceSeconds: 100, lastCollectedAt: 0 };
    const scores = scoresOf([{ ...empty, rows: 1, newestEvent: 180_000 }], given, rules, 200_000);
    expect(scores).toMatchObject({ CONSISTENCY: 0.4, TIMELINESS: 0.5 });
  });
});

describe('freshnessOf', () => {
  it('is 1 up to the age that is allowed, and never grows with age', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 1_000_000 }), (one, other, allowed) => {
        const [younger, older] = [Math.min(one, other), Math.max(one, other)];
        expect(freshnessOf(younger, allowed)).toBeGreaterThanOrEqual(freshnessOf(older, allowed));
        expect(freshnessOf(younger, allowed) === 1).toBe(younger <= allowed);
      }),
    );
  });
});

describe('breaches', () => {
  const scores = { COMPLETENESS: 0.9, UNIQUENESS: 0.94, VALIDITY: null, CONSISTENCY: 0.2, TIMELINESS: 0.8 };
  const columns = [{ column: 'age', completeness: 0.5, uniqueness: null, validity: 0.94999 }];
  const held = { rule: 'held', score: 1, rows: 9, broken: 0, error: null, referencedVersion: null };
  const lame = { ...held, rule: 'lame', score: null, error: 'It cannot be.' };

  it('are what is below its threshold, and rules that could not be checked', () => {
    const found = breachesOf(defaultExpectations, scores, columns, [held, lame, { ...held, rule: 'low', score: 0.2 }]);
    expect(found.map(({ dimension, column, rule: name }) => [dimension, column, name])).toEqual([
      ['UNIQUENESS', null, null],
      ['COMPLETENESS', 'age', null],
      ['VALIDITY', 'age', null],
      ['CONSISTENCY', null, 'lame'],
      ['CONSISTENCY', null, 'low'],
    ]);
    const columnThresholds = [{ column: 'age', dimension: 'COMPLETENESS', threshold: 0 } as const];
    const fewer = breachesOf({ ...defaultExpectations, columnThresholds }, scores, columns, []);
    expect(fewer.map(({ dimension }) => dimension)).toEqual(['UNIQUENESS', 'VALIDITY']);
  });

  it('become issues that say what is expected, and never round a score up to it', () => {
    const breaches = breachesOf(defaultExpectations, scores, columns, [lame]);
    const findings = findingsOf({
      snapshotVersion: 3,
      rows: 9,
      rowsQuarantined: 1,
      scores,
      columns,
      rules: [lame],
      breaches,
    });
    expect(findings.map(({ aspect, message }) => `${aspect} | ${message}`)).toEqual([
      'UNIQUENESS | UNIQUENESS is 0.94; 0.95 is expected.',
      'COMPLETENESS of age | COMPLETENESS of age is 0.5; 0.9 is expected.',
      'VALIDITY of age | VALIDITY of age is 0.9499; 0.95 is expected.',
      'CONSISTENCY of rule lame | The rule lame could not be checked: It cannot be.',
    ]);
    expect(findings[3]?.evidence).toMatchObject({ snapshotVersion: 3, rows: 9, rule: 'lame', error: 'It cannot be.' });
  });
});
