import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { YamlDocument } from './yaml-document.js';

function refusal(text: string): string {
  try {
    YamlDocument.of(text);
  } catch (error) {
    if (error instanceof CodedError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing was refused';
}

describe('YamlDocument', () => {
  it.each<[string, unknown]>([
    ['', null],
    ['# nothing', null],
    ['a: 1\nb: [x, "y", null, ~, true, 1.5]', { a: 1, b: ['x', 'y', null, null, true, 1.5] }],
    ['a:\nb: no', { a: null, b: 'no' }],
    ['__proto__: { x: 1 }', JSON.parse('{"__proto__":{"x":1}}')],
    ['{"a": {"b": []}}', { a: { b: [] } }],
  ])('reads %j', (text, value) => {
    expect(YamlDocument.of(text).value).toEqual(value);
  });

  it.each<[string, string, RegExp]>([
    ['an alias bomb', 'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]', /line 1, column 7: an anchor is refused/],
    ['an alias of nothing', 'a: *b', /line 1, column \d: /],
    ['a merge', 'a: { x: 1 }\nb: { <<: *a }', /line 2, column \d+: /],
    ['a tag', 'a: 1\nb: !!js/function "x"', /line 2, column \d+: a tag is refused/],
    ['a tagged list', 'a: !set [1]', /line 1, column \d+: a tag is refused/],
    ['a tagged key', '!x a: 1', /line 1, column 1: /],
    ['a key twice', 'a: 1\nb: 2\na: 3', /line 3, column 1: the key "a" a second time is refused/],
    ['a key that is no text', '? [a, b]\n: 1', /line 1, column \d+: /],
    ['two documents', 'a: 1\n---\nb: 2', /line 2, column 1: /],
    ['broken indentation', 'a:\n  b: 1\n c: 2', /line 3, column \d: /],
    ['an open string', 'a: "x', /line 1, column \d: /],
    ['deep lists', `a: ${'['.repeat(80)}${']'.repeat(80)}`, /line 1: it nests too deeply/],
    ['very deep lists', `b: 1\na: ${'['.repeat(20_000)}`, /line 2: it nests too deeply/],
    ['deep lists over lines', 'a: [\n'.repeat(20_000), /nests too deeply/],
    ['deep lists with brackets in comments', '[ # ]]]]\n'.repeat(20_000), /nests too deeply/],
    ['very deep maps', '{a: '.repeat(20_000), /nests too deeply/],
    ['very deep dashes', '- '.repeat(20_000), /nests too deeply/],
    ['very deep keys', 'a: '.repeat(20_000), /nests too deeply/],
    ['very deep questions', '? '.repeat(20_000), /nests too deeply/],
    ['very many colons', ': '.repeat(20_000), /nests too deeply/],
    ['very many tags', '!a '.repeat(20_000), /nests too deeply/],
    ['very many anchors', '&a '.repeat(20_000), /nests too deeply/],
    [
      'very deep blocks',
      Array.from({ length: 400 }, (_at, by) => `${' '.repeat(by)}a:`).join('\r'),
      /nests too deeply/,
    ],
    ['keys in a list', `[${'a: '.repeat(20_000)}]`, /line 1/],
    ['brackets that only close', ']'.repeat(20_000), /line 1/],
    ['quotes', '"'.repeat(20_001), /line 1/],
  ])('refuses %s', (_, text, message) => {
    expect(refusal(text)).toMatch(/^INVALID_INPUT yaml: /);
    expect(refusal(text)).toMatch(message);
  });

  it('reads or refuses whatever is repeated many times', () => {
    const tokens = 'a|- |? |: |a: |[|]|{|}|,|\n|\r| |\t|"|\'|# |&x |*x |!t |>\n|---\n|...\n|%Y\n|\n  |\n- '.split('|');
    const token = fc.constantFrom(...tokens, '|\n');
    const pattern = fc.array(token, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(token, { maxLength: 4 }), pattern, (start, repeated) => {
        const answer = refusal(start.join('') + repeated.join('').repeat(2_000));
        expect(answer).toMatch(/^(INVALID_INPUT yaml: line|nothing was refused$)/);
      }),
      { numRuns: 30 },
    );
  });

  it('tells many keys apart without comparing each with each', () => {
    const text = Array.from({ length: 10_000 }, (_, at) => `k${at}: ${at}`).join('\n');
    expect(Object.keys(YamlDocument.of(text).value as object)).toHaveLength(10_000);
    expect(refusal(`${text}\nk9999: 1`)).toMatch(/line 10001, column 1: the key "k9999"/);
  });

  it('tells where a part stands, or the part that should have it', () => {
    const document = YamlDocument.of('a:\n  - x: 1\n    y: 2\n');
    const messageOf = (...given: Parameters<YamlDocument['error']>) => document.error(...given).message;
    expect(messageOf(['a', 0, 'y'], 'wrong')).toBe('yaml: line 3, column 8: a[0].y: wrong.');
    expect(messageOf(['a', 0, 'z', 'w'], 'missing')).toBe('yaml: line 2, column 5: a[0].z.w: missing.');
    expect(messageOf(['a', 0], 'odd', { key: 'y' })).toBe('yaml: line 3, column 5: a[0]: odd.');
    expect(messageOf([], 'all wrong')).toBe('yaml: line 1, column 1: all wrong.');
    expect(document.error(['a'], 'x', { code: 'CONFLICT' })).toMatchObject({
      code: 'CONFLICT',
      details: { line: 2, column: 3 },
    });
  });
});
