import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metadataOf } from './dto/model-metadata.input.js';
import { ALIAS_NAME, MODEL_NAME, STORABLE_TEXT } from './names.rules.js';
import { onnxDetails } from './onnx-details.rules.js';
import { tagList, tagsOf } from './tags.rules.js';

describe('names', () => {
  it.each(['iris', 'A', '9lives', 'a.b-c_d', 'a'.repeat(128)])('of models may be %s', (name) => {
    expect(MODEL_NAME.test(name)).toBe(true);
  });

  it.each(['', '.hidden', '-x', 'a b', 'a/b', 'ä', 'a\n', 'a\0', 'a'.repeat(129)])(
    'of models may not be %j',
    (name) => {
      expect(MODEL_NAME.test(name)).toBe(false);
      expect(ALIAS_NAME.test(name)).toBe(false);
    },
  );

  it('of aliases are not mistaken for versions', () => {
    for (const alias of ['1', '042', 'v1', 'V12', 'latest', 'LATEST']) expect(ALIAS_NAME.test(alias)).toBe(false);
    for (const alias of ['champion', 'v1.2', 'v', 'latest-1', '1a']) expect(ALIAS_NAME.test(alias)).toBe(true);
  });
});

describe('tags', () => {
  it('come back ordered by key, whatever the keys are', () => {
    const list = fc.uniqueArray(fc.record({ key: fc.string(), value: fc.string() }), { selector: ({ key }) => key });
    fc.assert(
      fc.property(list, (tags) => {
        const kept = tagList(JSON.parse(JSON.stringify(tagsOf(tags))) as Record<string, string>);
        expect(kept).toEqual(tags.toSorted((one, other) => (one.key < other.key ? -1 : 1)));
      }),
      { examples: [[[{ key: '__proto__', value: 'x' }]]] },
    );
  });

  it('refuse a key that comes twice', () => {
    const twice = [
      { key: 'a', value: '1' },
      { key: 'b', value: '1' },
      { key: 'b', value: '2' },
    ];
    expect(() => tagsOf(twice)).toThrow('tags: the key "b" comes more than once.');
  });
});

describe('metadataOf', () => {
  it('keeps what was given and leaves out nulls', () => {
    expect(metadataOf(null)).toEqual({});
    expect(
      metadataOf({
        inputColumns: ['a'],
        outputLabels: null,
        outputs: { label: 'l', probabilities: null },
        preprocessing: { scale: [0.5], offset: [1, 2], description: null },
        postprocessing: { activation: 'SOFTMAX', description: 'scores' },
      }),
    ).toEqual({
      inputColumns: ['a'],
      outputs: { label: 'l' },
      preprocessing: { scale: 0.5, offset: [1, 2] },
      postprocessing: { activation: 'SOFTMAX', description: 'scores' },
    });
  });
});

describe('onnxDetails', () => {
  it('keeps only bounded texts that PostgreSQL can store', () => {
    const details = onnxDetails({
      bytes: 1,
      irVersion: 8,
      operatorSets: Array.from({ length: 500 }, (_, version) => ({ domain: `d\0${version}`, version })),
      producer: { name: 'p'.repeat(10_000), version: '\0' },
      nodeCount: 2,
      operators: { Add: 2 },
      parameterCount: 3,
      inputs: [],
      outputs: [],
      metadata: { a: 'b' },
    });
    expect(details.operatorSets).toHaveLength(100);
    expect(details.producerName).toHaveLength(256);
    for (const text of [details.producerVersion, details.operatorSets[0]?.domain ?? '\0']) {
      expect(STORABLE_TEXT.test(text)).toBe(true);
    }
  });
});
