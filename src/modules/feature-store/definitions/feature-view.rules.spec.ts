import { describe, expect, it } from 'vitest';
import { declaredView, entity } from '../../../../test/support/declared-views.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { DeclaredFeatureView } from './declared-definitions.js';
import { checkFeatureEntity } from './feature-entity.rules.js';
import { checkFeatureView, MAX_FEATURES, readTransformation } from './feature-view.rules.js';

const feature = (name: string, description = '') => ({ name, type: null, description });

const many = (count: number) => Array.from({ length: count }, (_, at) => feature(`f${at}`));

const request = (source: Partial<Extract<DeclaredFeatureView['source'], { kind: 'REQUEST' }>>) => ({
  entities: [],
  source: { kind: 'REQUEST', fields: [{ name: 'x', type: 'INT64' }], features: [], ...source } as const,
});

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof CodedError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing was refused';
}

describe('a declared feature view', () => {
  it.each<[string, Partial<DeclaredFeatureView>]>([
    ['as it is', {}],
    ['with as many features as there may be', { features: many(MAX_FEATURES) }],
    ['on demand', request({})],
    ['on demand of features alone', request({ fields: [], features: [{ view: 'v', version: 1, features: ['x'] }] })],
  ])('is fine %s', (_, changes) => {
    expect(refusal(() => checkFeatureView(declaredView(changes)))).toBe('nothing was refused');
  });

  it.each<[string, Partial<DeclaredFeatureView>, RegExp]>([
    ['a name that is none', { name: 'a b' }, /^INVALID_INPUT name: /],
    ['an endless description', { description: 'x'.repeat(10_001) }, /^INVALID_INPUT description: /],
    ['U+0000', { description: 'a\0' }, /^INVALID_INPUT description: .*U\+0000/],
    ['half a character', { features: [feature('x', '\ud800')] }, /^INVALID_INPUT features\[0\]\.description: /],
    ['a TTL below 0', { ttlSeconds: -1 }, /^INVALID_INPUT ttlSeconds: /],
    ['a TTL with a fraction', { ttlSeconds: 0.5 }, /^INVALID_INPUT ttlSeconds: /],
    ['no features', { features: [] }, /^INVALID_INPUT features: .*not 0/],
    ['too many features', { features: many(MAX_FEATURES + 1) }, /^INVALID_INPUT features: .*3000, not 3001/],
    ['an empty name', { features: [feature('')] }, /^INVALID_INPUT features\[0\]\.name: /],
    [
      'a name twice',
      { features: [feature('x'), feature('X')] },
      /^INVALID_INPUT features\[1\]\.name: "X" .*beside "x"/,
    ],
    ['no entity', { entities: [] }, /^INVALID_INPUT entities: .*not 0/],
    ['an entity twice', { entities: ['a', 'a'] }, /^INVALID_INPUT entities\[1\]: "a" is there twice/],
    ['a request of nothing', request({ fields: [] }), /^INVALID_INPUT source: /],
    [
      'a field twice',
      request({ fields: ['a', 'A'].map((name) => ({ name, type: 'INT64' as const })) }),
      /^INVALID_INPUT source\.fields\[1\]\.name/,
    ],
    [
      'a request that looks in too many views',
      request({ features: Array.from({ length: 101 }, () => ({ view: 'v', version: 1, features: ['x'] })) }),
      /^INVALID_INPUT source\.features: /,
    ],
    [
      'a request with too many fields',
      request({ fields: many(3_001).map(({ name }) => ({ name, type: 'INT64' as const })) }),
      /^INVALID_INPUT source\.fields: /,
    ],
    [
      'a request with entities',
      { ...request({}), entities: ['a'] },
      /^INVALID_INPUT entities: an on-demand view has none/,
    ],
    ['a request that is online', { ...request({}), isOnline: true }, /^INVALID_INPUT isOnline: /],
  ])('is refused for %s', (_, changes, message) => {
    expect(refusal(() => checkFeatureView(declaredView(changes)))).toMatch(message);
  });

  it('has its transformation read, and told by its path', () => {
    expect(readTransformation(null)).toBeNull();
    expect(readTransformation({ version: 1, steps: [] })).toBeNull();
    expect(refusal(() => readTransformation({ version: 2, steps: [] }))).toMatch(
      /^INVALID_TRANSFORMATION transformation: version: /,
    );
    expect(refusal(() => readTransformation({ version: 1, steps: [{ kind: 'PYTHON' }] }))).toMatch(
      /^INVALID_TRANSFORMATION transformation\.steps\[0\]\.kind: /,
    );
    const zero = { kind: 'FILL_MISSING', input: 'x', strategy: 'CONSTANT', value: '\0', output: 'y' };
    expect(refusal(() => readTransformation({ version: 1, steps: [zero] }))).toMatch(
      /^INVALID_INPUT transformation\.steps\[0\]\.value: /,
    );
  });
});

describe('a declared feature entity', () => {
  it.each<[string, Parameters<typeof entity>, RegExp]>([
    ['no keys', ['x'], /^INVALID_INPUT joinKeys: .*not 0/],
    ['a key of floats', ['x', { name: 'a', type: 'FLOAT64' }], /^INVALID_INPUT joinKeys\[0\]\.type: "a" is FLOAT64/],
    ['a key of JSON', ['x', { name: 'a', type: 'JSON' }], /^INVALID_INPUT joinKeys\[0\]\.type: "a" is JSON/],
    [
      'a key twice',
      ['x', { name: 'a', type: 'INT64' }, { name: 'A', type: 'INT64' }],
      /^INVALID_INPUT joinKeys\[1\]\.name/,
    ],
  ])('is refused for %s', (_, given, message) => {
    expect(refusal(() => checkFeatureEntity(entity(...given)))).toMatch(message);
  });
});
