import { describe, expect, it } from 'vitest';
import type { DataColumn, DataSchema } from '../sources/data-source.js';
import { verdictOf } from './policy.rules.js';
import type { ValidationReport, Violation } from './validation-report.js';

const column = (name: string, isNullable: boolean): DataColumn => ({
  name,
  type: 'STRING',
  description: '',
  isNullable,
  minimum: null,
  maximum: null,
  allowedValues: null,
  pattern: null,
  isSensitive: false,
});

const schema: DataSchema = {
  columns: [column('id', false), column('note', true)],
  keyColumns: [],
  eventTimeColumn: null,
  maxAgeSeconds: null,
  hasUniqueRows: false,
};

const report = (rowsInvalid: number, ...violations: Omit<Violation, 'samples'>[]): ValidationReport => ({
  rowsRead: 10,
  rowsInvalid,
  violations: violations.map((violation) => ({ ...violation, samples: [] })),
});

const nulls = { rule: 'NULL', column: 'id', rows: 2 } as const;
const extra = { rule: 'EXTRA_COLUMN', column: 'more', rows: 10 } as const;

describe('verdictOf', () => {
  it('takes a batch without faults under each policy', () => {
    expect(verdictOf(schema, 'REJECT', report(0))).toEqual({ kind: 'ACCEPTED', rows: 'all' });
    expect(verdictOf(schema, 'QUARANTINE', report(0))).toEqual({ kind: 'ACCEPTED', rows: 'valid' });
    expect(verdictOf(schema, 'WARN', report(0))).toEqual({ kind: 'ACCEPTED', rows: 'all' });
  });

  it('does with faults what the policy says', () => {
    expect(verdictOf(schema, 'REJECT', report(2, nulls))).toEqual({
      kind: 'REJECTED',
      reason: expect.stringContaining('NULL in column id (2 rows)') as string,
    });
    expect(verdictOf(schema, 'QUARANTINE', report(2, nulls))).toEqual({ kind: 'ACCEPTED', rows: 'valid' });
    expect(verdictOf(schema, 'WARN', report(10, nulls))).toEqual({ kind: 'ACCEPTED', rows: 'all' });
  });

  it('takes further columns but where any fault rejects', () => {
    expect(verdictOf(schema, 'REJECT', report(0, extra)).kind).toBe('REJECTED');
    expect(verdictOf(schema, 'QUARANTINE', report(0, extra)).kind).toBe('ACCEPTED');
  });

  it('rejects under each policy where a column is missing that each row must have', () => {
    for (const policy of ['REJECT', 'QUARANTINE', 'WARN'] as const) {
      const missing = (name: string) => report(0, { rule: 'MISSING_COLUMN', column: name, rows: 10 });
      expect(verdictOf(schema, policy, missing('id')).kind).toBe('REJECTED');
      expect(verdictOf(schema, policy, missing('note')).kind).toBe(policy === 'REJECT' ? 'REJECTED' : 'ACCEPTED');
    }
  });

  it('rejects where no row is left, and names the first violations', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ rule: 'TYPE', column: name, rows: 10 }) as const);
    expect(verdictOf(schema, 'QUARANTINE', report(10, ...many))).toEqual({
      kind: 'REJECTED',
      reason: expect.stringContaining('and 2 more') as string,
    });
  });
});
