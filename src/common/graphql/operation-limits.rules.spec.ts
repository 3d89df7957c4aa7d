import fc from 'fast-check';
import { getIntrospectionQuery, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../config/settings.js';
import { exceededLimit } from './operation-limits.rules.js';

const limits = { depth: 4, fields: 20, aliases: 3, rootFields: 5 };
const problem = (source: string) => exceededLimit(parse(source), limits);

describe('exceededLimit', () => {
  it('passes an operation within all limits', () => {
    expect(problem('{ a { b { c { d } } } }')).toBeUndefined();
  });

  it.each([
    ['depth', '{ a { b { c { d { e } } } } }', /nests 5 levels deep; at most 4/],
    [
      'depth through fragments',
      '{ a { ...f } } fragment f on T { b { ... on T { c { d { e } } } } }',
      /nests 5 levels/,
    ],
    ['aliases', '{ a: x b: x c: x d: x }', /has 4 aliases; at most 3/],
    ['aliases of __typename', '{ a: __typename b: __typename c: __typename d: __typename }', /has 4 aliases/],
    ['root fields', '{ a b c d e f }', /has 6 root fields/],
    ['root fields in a fragment', '{ ...f } fragment f on Query { a b c d e f }', /has 6 root fields/],
    ['fields', `{ a { ${'b '.repeat(20)} } }`, /has 21 fields/],
    ['directives', `{ a ${'@x '.repeat(51)} }`, /has 51 directives/],
    ['a second operation', 'query A { a } query B { a b c d e f }', /root fields/],
  ])('refuses too much: %s', (_, source, message) => {
    expect(problem(source)).toMatch(message);
  });

  it('measures an exponential fragment expansion in linear time', () => {
    const levels = 60;
    const chain = Array.from({ length: levels }, (_, i) => `fragment f${i} on Q { ...f${i + 1} ...f${i + 1} }`);
    expect(problem(`{ ...f0 } ${chain.join(' ')} fragment f${levels} on Q { a }`)).toMatch(/root fields/);
  });

  it('ends on fragment cycles, which validation refuses afterwards', () => {
    expect(problem('{ ...a } fragment a on Q { ...b x } fragment b on Q { ...a y }')).toBeUndefined();
  });

  it('counts the same with and without fragments', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 5 }), (fields, aliases) => {
        const body = `${'a '.repeat(fields)} ${Array.from({ length: aliases }, (_, i) => `x${i}: a`).join(' ')}`;
        expect(problem(`{ ...f } fragment f on Q { ${body} }`)).toBe(problem(`{ ${body} }`));
      }),
    );
  });

  it('lets the standard introspection query through with the default settings', () => {
    const settings = loadSettings({});
    const defaults = {
      depth: settings.NESTOR_GRAPHQL_MAX_DEPTH,
      fields: settings.NESTOR_GRAPHQL_MAX_FIELDS,
      aliases: settings.NESTOR_GRAPHQL_MAX_ALIASES,
      rootFields: settings.NESTOR_GRAPHQL_MAX_ROOT_FIELDS,
    };
    expect(exceededLimit(parse(getIntrospectionQuery()), defaults)).toBeUndefined();
  });
});
