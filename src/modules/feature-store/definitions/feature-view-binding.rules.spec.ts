import { describe, expect, it } from 'vitest';
import { declaredView, entity, viewGround } from '../../../../test/support/declared-views.js';
import { transformationDeclaration } from '../transformations/transformation-declaration.js';
import type { DeclaredFeatureView } from './declared-definitions.js';
import { bindFeatureView, definitionOf, type ViewGround } from './feature-view-binding.rules.js';

const steps = (...each: readonly object[]) => transformationDeclaration({ version: 1, steps: each });

const feature = (name: string, type: 'FLOAT64' | 'INT64' | null = null) => ({ name, type, description: '' });

const onDemand = (transformation: ViewGround['transformation']): ViewGround =>
  viewGround({
    source: { kind: 'REQUEST', fields: [], features: [] },
    columns: [
      { name: 'amount', type: 'FLOAT64' },
      { name: 'unused', type: 'JSON' },
    ],
    eventTime: null,
    entities: [],
    transformation,
  });

function refusal(view: Partial<DeclaredFeatureView>, ground: Partial<ViewGround> = {}): string {
  try {
    bindFeatureView(declaredView(view), viewGround(ground));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return `${String(error.code)} ${error.message}`;
    throw error;
  }
  return 'nothing was refused';
}

describe('a bound feature view', () => {
  it('has keys, times and features with their types, and the columns that it needs in their order', () => {
    const ground = viewGround({
      transformation: steps({ kind: 'LAG', input: 'fee', output: 'fee_before' }),
    });
    const declared = declaredView({
      createdTimeColumn: 'known_at',
      ttlSeconds: 90,
      features: [feature('fee_before', 'FLOAT64'), feature('amount')],
    });
    const bound = bindFeatureView(declared, ground);
    const definition = definitionOf(bound, ground, new Set(['fee', 'fee_before']));
    expect(definition).toMatchObject({
      keys: [{ name: 'customer', type: 'STRING' }],
      eventTime: 'paid_at',
      createdTime: 'known_at',
      ttlMs: 90_000,
      isOnline: true,
      columns: ground.columns,
      features: [
        { name: 'fee_before', type: 'FLOAT64' },
        { name: 'amount', type: 'FLOAT64' },
      ],
    });
    expect(definitionOf(bound, ground, new Set()).columns.map(({ name }) => name)).toEqual([
      'customer',
      'amount',
      'paid_at',
      'known_at',
    ]);
  });

  it.each([null, 0])('takes a TTL of %s for any age', (ttlSeconds) => {
    expect(bindFeatureView(declaredView({ ttlSeconds }), viewGround()).definition.ttlMs).toBeNull();
  });

  it('on demand keeps all columns that it names, and is not for the online store', () => {
    const ground = onDemand(steps({ kind: 'LOG1P', input: 'amount', output: 'log' }));
    const bound = bindFeatureView(declaredView({ entities: [], features: [feature('log')] }), ground);
    expect(definitionOf(bound, ground, new Set(['amount']))).toMatchObject({
      keys: [],
      eventTime: null,
      isOnline: false,
      columns: ground.columns,
    });
  });

  it.each<[string, Partial<DeclaredFeatureView>, Partial<ViewGround>, RegExp]>([
    [
      'a key that is no column',
      {},
      { entities: [entity('x', { name: 'id', type: 'STRING' })] },
      /^INVALID_INPUT entities\[0\]: .*"id" of x is no column/,
    ],
    [
      'a key of another type',
      {},
      { entities: [entity('x', { name: 'customer', type: 'INT64' })] },
      /^INVALID_INPUT entities\[0\]: .*is INT64, but .* STRING/,
    ],
    [
      'a key of two entities',
      {},
      { entities: ['x', 'y'].map((name) => entity(name, { name: 'customer', type: 'STRING' })) },
      /^INVALID_INPUT entities\[1\]: .*another entity/,
    ],
    ['no event time', {}, { eventTime: null }, /^INVALID_INPUT eventTimeColumn: the source has none/],
    [
      'an event time that there is not',
      { eventTimeColumn: 'x' },
      {},
      /^INVALID_INPUT eventTimeColumn: there is no column "x"/,
    ],
    [
      'an event time of another type',
      { eventTimeColumn: 'fee' },
      {},
      /^INVALID_INPUT eventTimeColumn: "fee" is FLOAT64/,
    ],
    [
      'an event time that is a key',
      { eventTimeColumn: 'paid_at' },
      { entities: [entity('x', { name: 'paid_at', type: 'TIMESTAMP' })] },
      /^INVALID_INPUT eventTimeColumn: "paid_at" is a join key/,
    ],
    [
      'a created time that is the event time',
      { createdTimeColumn: 'paid_at' },
      {},
      /^INVALID_INPUT createdTimeColumn: it is the event time/,
    ],
    [
      'a feature that is a key',
      { features: [feature('Customer')] },
      {},
      /^INVALID_INPUT features\[0\]\.name: "Customer" is a join key or a time/,
    ],
    [
      'a feature that is a time',
      { features: [feature('amount'), feature('paid_at')] },
      {},
      /^INVALID_INPUT features\[1\]\.name/,
    ],
    [
      'a feature that there is not',
      { features: [feature('x')] },
      {},
      /^INVALID_INPUT features\[0\]\.name: neither .* there are customer, amount/,
    ],
    [
      'a feature of another type',
      { features: [feature('amount', 'INT64')] },
      {},
      /^INVALID_INPUT features\[0\]\.type: "amount" is FLOAT64, not INT64/,
    ],
    [
      'a step that does not fit',
      {},
      { transformation: steps({ kind: 'LOG1P', input: 'customer', output: 'x' }) },
      /^INVALID_TRANSFORMATION transformation\.steps\[0\]\.input: "customer" is STRING/,
    ],
    [
      'a step that adds what is there',
      {},
      { transformation: steps({ kind: 'LOG1P', input: 'fee', output: 'amount' }) },
      /^INVALID_TRANSFORMATION transformation\.steps\[0\]: it adds "amount"/,
    ],
  ])('is refused for %s', (_, view, ground, message) => {
    expect(refusal(view, ground)).toMatch(message);
  });

  it.each<[string, object]>([
    ['learns', { kind: 'STANDARD_SCALER', input: 'amount', output: 'x' }],
    ['needs the engine', { kind: 'SQL', expression: 'amount', type: 'FLOAT64', output: 'x' }],
    ['learns categories', { kind: 'ONE_HOT', input: 'unused', output: 'x' }],
  ])('on demand is refused for a step that %s', (_, step) => {
    const ground = onDemand(steps({ kind: 'LOG1P', input: 'amount', output: 'log' }, step));
    const text = {
      ...ground,
      columns: ground.columns.map((column) => ({
        ...column,
        type: column.name === 'unused' ? ('STRING' as const) : column.type,
      })),
    };
    expect(refusal({ entities: [] }, text)).toMatch(
      /^INVALID_TRANSFORMATION transformation\.steps\[1\]: an on-demand view has one row/,
    );
  });

  it('on demand is refused for a step that looks back', () => {
    const ground = onDemand(steps({ kind: 'LAG', input: 'amount', output: 'x' }));
    expect(refusal({ entities: [] }, ground)).toMatch(
      /^INVALID_TRANSFORMATION transformation\.steps\[0\]: .*no event time/,
    );
  });
});
