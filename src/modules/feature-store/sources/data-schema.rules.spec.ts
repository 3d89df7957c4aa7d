import { describe, expect, it } from 'vitest';
import { checkSchema } from './data-schema.rules.js';
import type { DataColumn, DataSchema } from './data-source.js';

const column = (name: string, more: Partial<DataColumn> = {}): DataColumn => ({
  name,
  type: 'STRING',
  description: '',
  isNullable: true,
  minimum: null,
  maximum: null,
  allowedValues: null,
  pattern: null,
  isSensitive: false,
  ...more,
});

const schema = (more: Partial<DataSchema> = {}): DataSchema => ({
  columns: [column('id', { isNullable: false }), column('at', { type: 'TIMESTAMP' }), column('Betrag in €')],
  keyColumns: ['id'],
  eventTimeColumn: 'at',
  maxAgeSeconds: 60,
  hasUniqueRows: false,
  ...more,
});

describe('checkSchema', () => {
  it('takes a schema that fits together', () => {
    expect(() => checkSchema(schema())).not.toThrow();
  });

  it.each<[string, Partial<DataSchema>, RegExp]>([
    ['no columns', { columns: [], keyColumns: [] }, /1 to 1000/],
    ['names that differ by case alone', { columns: [column('A'), column('a')], keyColumns: [] }, /two named a/],
    ['a reserved name', { columns: [column('__proto__')], keyColumns: [] }, /__proto__/],
    ['a name with a quote', { columns: [column('a"b')], keyColumns: [] }, /double quotes/],
    ['a name with a line break', { columns: [column('a\nb')], keyColumns: [] }, /control characters/],
    ['a key that is no column', { keyColumns: ['nothing'] }, /nothing/],
    ['a key twice', { keyColumns: ['id', 'id'] }, /twice/],
    ['a key that may be null', { keyColumns: ['at'] }, /at must not be nullable/],
    ['an event time that is none', { eventTimeColumn: 'id' }, /TIMESTAMP/],
    ['an age without event time', { eventTimeColumn: null }, /eventTimeColumn/],
    ['bounds of a text', { columns: [column('id', { minimum: 1 })], keyColumns: [] }, /only numbers/],
    ['bounds upside down', { columns: [column('n', { type: 'INT64', minimum: 2, maximum: 1 })] }, /above/],
    ['a pattern of a number', { columns: [column('n', { type: 'INT64', pattern: 'x' })] }, /only STRING/],
    [
      'allowed values of a moment',
      { columns: [column('n', { type: 'TIMESTAMP', allowedValues: ['x'] })] },
      /only STRING/,
    ],
    ['no allowed value', { columns: [column('n', { allowedValues: [] })] }, /1 to 1000/],
    ['an allowed value of another type', { columns: [column('n', { type: 'INT64', allowedValues: ['1.5'] })] }, /1\.5/],
  ])('refuses %s', (_, more, message) => {
    expect(() => checkSchema(schema(more))).toThrow(message);
  });
});
