import { describe, expect, it } from 'vitest';
import type { OnlineStatus } from '../online/online-store.js';
import type { FeatureValue, TypedColumn, ValueType } from '../value-types.js';
import { checkedDefaults, completed } from './missing-features.rules.js';

const read = (name: string, type: ValueType, cells: readonly (readonly [FeatureValue, OnlineStatus])[]) => ({
  name,
  type,
  values: cells.map(([value]) => value),
  statuses: cells.map(([, status]) => status),
});

const columns: readonly TypedColumn[] = [
  { name: 'count', type: 'INT64' },
  { name: 'city', type: 'STRING' },
];

describe('completed', () => {
  const features = [
    read('count', 'INT64', [
      [0, 'PRESENT'],
      [null, 'NULL_VALUE'],
      [null, 'OUTSIDE_MAX_AGE'],
    ]),
    read('city', 'STRING', [
      ['', 'PRESENT'],
      ['Bern', 'PRESENT'],
      [null, 'NOT_FOUND'],
    ]),
  ];

  it('takes what was read, and defaults where something is missing', () => {
    const defaults = { count: '9007199254740993', city: '?' };
    expect([...completed({ service: 's', defaults }, features)]).toEqual([
      ['count', [0, 9007199254740993n, 9007199254740993n]],
      ['city', ['', 'Bern', '?']],
    ]);
  });

  it('says what is missing of which entity, and why', () => {
    expect(() => completed({ service: 'risk', defaults: {} }, features)).toThrow(
      'Features of risk are missing. entities[1]: count (NULL_VALUE); entities[2]: count (OUTSIDE_MAX_AGE), ' +
        'city (NOT_FOUND). Write them to the online store, or bind the model with defaults.',
    );
    expect(() => completed({ service: 'risk', defaults: { count: 1 } }, features)).toThrow(
      /missing\. entities\[2\]: city \(NOT_FOUND\)\. Write/,
    );
  });

  it('does not list without end', () => {
    const many = [
      read(
        'count',
        'INT64',
        Array.from({ length: 9 }, () => [null, 'NOT_FOUND'] as const),
      ),
    ];
    expect(() => completed({ service: 's', defaults: {} }, many)).toThrow(/entities\[4\].*; and 4 more\. Write/);
  });

  it('does not take what objects are born with for a default', () => {
    const born = [read('toString', 'STRING', [[null, 'NOT_FOUND']])];
    expect(() => completed({ service: 's', defaults: {} }, born)).toThrow(/toString \(NOT_FOUND\)/);
  });
});

describe('checkedDefaults', () => {
  it('takes values of the types of features that are used', () => {
    expect(checkedDefaults('DEFAULT', { count: '12', city: 'Bern' }, columns)).toEqual({ count: '12', city: 'Bern' });
    expect(checkedDefaults('ERROR', {}, columns)).toEqual({});
  });

  it.each<[string, 'ERROR' | 'DEFAULT', Record<string, unknown>, RegExp]>([
    ['no defaults where they are to be taken', 'DEFAULT', {}, /^defaults: give the value of at least one/],
    ['defaults that are never taken', 'ERROR', { count: 1 }, /^defaults: go with missing: DEFAULT/],
    ['a feature that fills nothing', 'DEFAULT', { age: 1 }, /^defaults\.age: no input is filled/],
    ['a value of another type', 'DEFAULT', { count: 1.5 }, /^defaults\.count: is 1\.5; the feature is INT64\.$/],
    ['null', 'DEFAULT', { city: null }, /^defaults\.city: is null/],
    ['a list', 'DEFAULT', { city: ['Bern'] }, /^defaults\.city: is \["Bern"\]/],
  ])('refuses %s', (_, missing, given, message) => {
    expect(() => checkedDefaults(missing, given, columns)).toThrow(message);
  });
});
