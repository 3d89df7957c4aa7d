import { describe, expect, it } from 'vitest';
import type { FeatureColumn } from '../serving/feature-columns.rules.js';
import type { FeatureValue, ValueType } from '../value-types.js';
import { feastAnswer } from './feast-answer.rules.js';
import { feastErrorForm } from './feast-error.rules.js';
import { frameOf, rowsOf } from './feast-frame.rules.js';
import { feastRead, textOf, textsOf } from './feast-request.rules.js';
import { featureWrites } from './feast-rows.rules.js';

const column = (name: string, type: ValueType, values: readonly FeatureValue[], view = 'users'): FeatureColumn => ({
  name: `${view}:${name}`,
  type,
  view,
  viewVersion: 2,
  viewVersionId: 'id',
  feature: name,
  values,
  statuses: values.map((value) => (value === null ? 'NOT_FOUND' : 'PRESENT')),
  eventTimes: values.map((value) => (value === null ? null : 1_000.5)),
});

const answerOf = (body: object, features: readonly FeatureColumn[]) =>
  feastAnswer(feastRead({ features: ['users:age'], ...body }), {
    service: null,
    keys: [{ name: 'user', type: 'STRING' }],
    features,
  });

describe('feastRead', () => {
  it('takes features by name, with versions as Feast writes them, or a service', () => {
    const entities = { user: ['ann'] };
    const features = ['users:age', 'users@v2:age', 'users@latest:age'];
    expect(feastRead({ features, entities }).selection).toEqual({
      features: ['users:age', 'users@2:age', 'users:age'],
    });
    expect(feastRead({ feature_service: 'risk', features: [], entities }).selection).toEqual({ service: 'risk' });
  });

  it.each<[unknown, RegExp]>([
    [[], /must be a JSON object/],
    [{ entities: { a: [1] } }, /^feature_service, features: give one/],
    [{ features: ['a:b'], feature_service: 's', entities: {} }, /^feature_service, features: give one/],
    [{ features: [1], entities: {} }, /^features: give a list of texts/],
    [{ features: ['a:b'] }, /^entities: give an object/],
    [{ features: ['a:b'], entities: {} }, /^entities: has no columns/],
    [{ features: ['a:b'], entities: { a: 1 } }, /^entities\."a": is not a list/],
    [{ features: ['a:b'], entities: { a: [1], b: [1, 2] } }, /"a" has 1 values, and "b" has 2/],
  ])('refuses %j', (body, message) => {
    expect(() => feastRead(body)).toThrow(message);
  });

  it('reads fields', () => {
    expect(textOf({}, 'to', 'online')).toBe('online');
    expect(() => textOf({ to: 1 }, 'to')).toThrow('to: give a text.');
    expect(textsOf({}, 'views')).toBeNull();
  });

  it('turns columns into rows', () => {
    expect(rowsOf(frameOf({ a: [1, 2], b: ['x', 'y'] }, 'df'))).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
    ]);
  });
});

describe('feastAnswer', () => {
  it('writes numbers as their types, not as JSON.stringify would', () => {
    const text = answerOf({ entities: { user: ['ann', 'bob'], price: [1, 2] } }, [
      column('count', 'INT64', [9_223_372_036_854_775_807n, 2]),
      column('mean', 'FLOAT64', [3, -0]),
      column('odd', 'FLOAT64', [NaN, -Infinity]),
      column('large', 'FLOAT64', [1e21, 0.5]),
      column('since', 'TIMESTAMP', [1_999, null]),
      column('note', 'JSON', ['{"a":1}', null]),
      column('isNew', 'BOOLEAN', [true, false]),
    ]);
    const lists = [...text.matchAll(/"values":(\[.*?\]),"statuses"/g)].map(([, list]) => list);
    expect(lists).toEqual([
      '["ann","bob"]',
      '[9223372036854775807,2]',
      '[3.0,-0.0]',
      '["NaN","-Infinity"]',
      '[1e+21,0.5]',
      '[1,null]',
      String.raw`["{\"a\":1}",null]`,
      '[true,false]',
    ]);
    const answer = JSON.parse(text);
    expect(answer.metadata).toEqual({
      feature_names: ['user', 'count', 'mean', 'odd', 'large', 'since', 'note', 'isNew'],
    });
    expect(answer.results[5]).toEqual({
      values: [1, null],
      statuses: ['PRESENT', 'NOT_FOUND'],
      event_timestamps: ['1970-01-01T00:00:01.000500Z', '1970-01-01T00:00:00Z'],
    });
    expect(answer.status).toBe(true);
  });

  it('tells features of one name apart where it is asked to', () => {
    const alike = [column('age', 'INT64', [1]), column('age', 'INT64', [2], 'shops')];
    expect(() => answerOf({ entities: { user: ['ann'] } }, alike)).toThrow(/full_feature_names/);
    const body = {
      entities: { user: ['ann'] },
      full_feature_names: true,
      include_feature_view_version_metadata: true,
    };
    expect(JSON.parse(answerOf(body, alike)).metadata).toEqual({
      feature_names: ['user', 'users__age', 'shops__age'],
      feature_view_metadata: [
        { name: 'users', version: 2 },
        { name: 'shops', version: 2 },
      ],
    });
  });
});

describe('featureWrites', () => {
  const view = {
    keys: [{ name: 'user', type: 'STRING' }],
    features: [{ name: 'since', type: 'TIMESTAMP', description: '' }],
    eventTime: 'at',
    createdTime: 'known',
  } as const;

  const write = (df: object) => featureWrites(view, frameOf(df, 'df'));

  it('takes times by their own names or by those of Feast, and moments in seconds', () => {
    const rows = [{ entity: ['ann'], eventTime: 1_000, createdTime: 2_000, values: [3_000] }];
    const first = { user: ['ann'], since: [3] };
    expect(write({ ...first, at: ['1970-01-01T00:00:01'], known: [2], more: [1] })).toEqual(rows);
    expect(write({ ...first, event_timestamp: ['1970-01-01T00:00:01Z'], created: [2] })).toEqual(rows);
    expect(write({ ...first, event_timestamp: [1], created_timestamp: [2] })).toEqual(rows);
    expect(write({ ...first, event_timestamp: [1], created: [null] })).toMatchObject([{ createdTime: null }]);
    expect(write({ ...first, at: [1] })).toMatchObject([{ createdTime: null }]);
  });

  it.each<[object, RegExp]>([
    [{ user: ['ann'], since: [1] }, /^df: lacks the column at \(TIMESTAMP\)/],
    [{ user: ['ann'], at: [1] }, /^df: lacks the column since/],
    [{ user: ['ann'], since: [1], at: [null] }, /^df\.at\[0\]: an event time is missing/],
    [{ user: [7], since: [1], at: [1] }, /^df\.user\[0\]: must be STRING, not 7/],
  ])('refuses %j', (df, message) => {
    expect(() => write(df)).toThrow(message);
  });
});

describe('feastErrorForm', () => {
  it("is a text that Feast's client makes an error of", () => {
    const { status, headers, body } = feastErrorForm({ status: 404, code: 'NOT_FOUND', message: 'No view.' });
    expect([status, headers['x-nestor-error-code']]).toEqual([404, 'NOT_FOUND']);
    expect(JSON.parse(String(JSON.parse(body)))).toEqual({
      module: 'feast.errors',
      class: 'FeastObjectNotFoundException',
      message: 'NOT_FOUND: No view.',
    });
  });
});
