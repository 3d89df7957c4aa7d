import { describe, expect, it } from 'vitest';
import { encodeModel, graph, localFunction, node, valueInfo } from '../../../../models/training/onnx-builder.js';
import { inspect } from '../../../../test/support/onnx/inspect.js';
import { identityModel } from '../../../../test/support/onnx/models.js';

/** A protobuf field of bytes, for files that no writer of models makes. */
function delimited(field: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  expect(content.length).toBeLessThan(128);
  return Buffer.concat([Buffer.of((field << 3) | 2, content.length), content]);
}

function varint(field: number, ...bytes: readonly number[]): Buffer {
  return Buffer.of(field << 3, ...bytes);
}

const output = delimited(12, delimited(1, Buffer.from('output')));

/** A file of IR version 8, opset 17 and a graph of the given fields with one output. */
function fileOf(...graphFields: readonly Uint8Array[]): Buffer {
  return Buffer.concat([varint(1, 8), delimited(8, varint(2, 17)), delimited(7, ...graphFields, output)]);
}

const minusOne = [...Buffer.alloc(9, 0xff), 0x01];

describe('files that only a hand can write', () => {
  it('a model of nothing but an output without a type is known as such', async () => {
    expect((await inspect(fileOf())).outputs).toEqual([{ name: 'output', kind: 'UNKNOWN' }]);
  });

  it.each([
    ['sequence', 4, 'SEQUENCE'],
    ['map', 5, 'MAP'],
    ['opaque', 7, 'OPAQUE'],
    ['sparse tensor', 8, 'SPARSE_TENSOR'],
    ['optional', 9, 'OPTIONAL'],
  ])('an input that is a %s', async (_name, field, kind) => {
    const input = delimited(11, delimited(1, Buffer.from('input')), delimited(2, delimited(field)));
    expect((await inspect(fileOf(input))).inputs).toEqual([{ name: 'input', kind }]);
  });

  it('a negative dimension of an input is a variable one', async () => {
    const shape = delimited(2, delimited(1, varint(1, ...minusOne)), delimited(1, varint(1, 3)));
    const input = delimited(11, delimited(2, delimited(1, varint(1, 16), shape)));
    expect((await inspect(fileOf(input))).inputs).toEqual([
      { name: '', kind: 'TENSOR', shape: [-1, 3], dimensionNames: ['', ''] },
    ]);
  });

  it('dimensions and data may be packed or not', async () => {
    const packed = delimited(5, delimited(1, Buffer.of(2, 3)), varint(2, 1), delimited(4, Buffer.alloc(24)));
    const single = Buffer.concat([Buffer.of((4 << 3) | 5), Buffer.alloc(4)]);
    const unpacked = delimited(5, varint(1, 1), varint(1, 2), varint(2, 1), single, single);
    expect((await inspect(fileOf(packed, unpacked))).parameterCount).toBe(8);
  });

  it.each([
    ['a location alone', varint(14, 1)],
    ['a location whose 32 bits say external', varint(14, 0x81, 0x80, 0x80, 0x80, 0x10)],
    ['an entry alone', delimited(13)],
  ])('external data by %s', async (_name, field) => {
    const initializer = delimited(5, varint(1, 0), varint(2, 1), field);
    await expect(inspect(fileOf(initializer))).rejects.toMatchObject({ code: 'MODEL_EXTERNAL_DATA' });
  });

  it('sparse initializers count as what they unfold to, and may not unfold beyond the limit', async () => {
    const values = delimited(
      1,
      varint(1, 1),
      varint(2, 1),
      delimited(8, Buffer.from('sparse')),
      delimited(9, Buffer.alloc(4)),
    );
    const indices = delimited(2, varint(1, 1), varint(2, 7), delimited(9, Buffer.alloc(8)));
    const bytes = fileOf(delimited(15, values, indices, varint(3, 100)));
    expect((await inspect(bytes, { maxBytes: 400 })).parameterCount).toBe(100);
    await expect(inspect(bytes, { maxBytes: 399 })).rejects.toMatchObject({ code: 'MODEL_LIMIT_EXCEEDED' });
  });

  it('more initializers, operator sets or dimensions than allowed', async () => {
    const initializer = delimited(5, varint(1, 0), varint(2, 1));
    const manyInitializers = fileOf(initializer, initializer, initializer);
    const manyImports = Buffer.concat([fileOf(), ...Array.from({ length: 3 }, () => delimited(8, varint(2, 17)))]);
    for (const bytes of [manyInitializers, manyImports]) {
      await expect(inspect(bytes, { maxNodes: 2 })).rejects.toMatchObject({ code: 'MODEL_LIMIT_EXCEEDED' });
      await expect(inspect(bytes, { maxNodes: 4 })).resolves.toMatchObject({ bytes: bytes.length });
    }
    await expect(inspect(identityModel('FP32'), { maxNodes: 0 })).rejects.toMatchObject({
      code: 'MODEL_LIMIT_EXCEEDED',
    });
  });

  it.each<[string, Buffer]>([
    ['two graphs', Buffer.concat([fileOf(), delimited(7, output)])],
    ['no graph', Buffer.concat([varint(1, 8), delimited(8, varint(2, 17))])],
    ['no IR version', fileOf().subarray(2)],
    ['no operator set', Buffer.concat([varint(1, 8), delimited(7, output)])],
    ['no output', Buffer.concat([varint(1, 8), delimited(8, varint(2, 17)), delimited(7)])],
    ['a node without operator', fileOf(delimited(1))],
    ['an unknown data type', fileOf(delimited(5, varint(1, 0), varint(2, 99)))],
    ['a number of eleven bytes', Buffer.concat([varint(1, ...Buffer.alloc(10, 0x80), 1), fileOf()])],
    ['a number over 64 bits', Buffer.concat([varint(1, ...Buffer.alloc(9, 0xff), 2), fileOf()])],
    ['a group', Buffer.concat([Buffer.of((30 << 3) | 3), fileOf()])],
    ['a graph that is a number', Buffer.concat([fileOf(), varint(7, 1)])],
    ['a field longer than its message', fileOf(Buffer.of((2 << 3) | 2, 100))],
    ['a length that is negative', Buffer.concat([Buffer.of((6 << 3) | 2, ...minusOne), fileOf()])],
    ['a packed number that is cut', fileOf(delimited(5, delimited(1, Buffer.of(0x80)), varint(2, 1)))],
  ])('%s is not ONNX', async (_name, bytes) => {
    await expect(inspect(bytes)).rejects.toMatchObject({ code: 'MODEL_NOT_ONNX' });
  });

  it('names and metadata beyond reason', async () => {
    const long = 'n'.repeat(70_000);
    const wide = (name: string, operator: string, domain: string) =>
      encodeModel(
        graph({
          name: 'long',
          nodes: [node(operator, [name], ['output'], { domain })],
          inputs: [valueInfo(name, 'FP32', [1])],
          outputs: [valueInfo('output', 'FP32', [1])],
        }),
        { metadata: { short: 'kept', long } },
      );
    expect((await inspect(wide('input', 'Identity', ''))).metadata).toEqual({ short: 'kept' });
    await expect(inspect(wide(long, 'Identity', ''))).rejects.toMatchObject({ code: 'MODEL_NOT_ONNX' });
    await expect(inspect(wide('input', long, ''))).rejects.toMatchObject({ code: 'MODEL_NOT_ONNX' });
    await expect(inspect(wide('input', 'Identity', long))).rejects.toMatchObject({ code: 'MODEL_NOT_ONNX' });
    await expect(inspect(encodeModel(onlyOutput(), { domains: { [long]: 1 } }))).rejects.toMatchObject({
      code: 'MODEL_NOT_ONNX',
    });
    const metadata = Object.fromEntries(Array.from({ length: 600 }, (_, key) => [String(key), 'v'.repeat(60_000)]));
    await expect(inspect(encodeModel(onlyOutput(), { metadata }))).rejects.toMatchObject({
      code: 'MODEL_LIMIT_EXCEEDED',
    });
  });

  it('functions that take the name of a runtime operator', async () => {
    for (const domain of ['com.microsoft', 'ai.onnx', '', 'ai.onnx.training']) {
      const gelu = localFunction({
        name: 'Gelu',
        domain,
        nodes: [node('Relu', ['x'], ['y'])],
        inputs: ['x'],
        outputs: ['y'],
      });
      await expect(inspect(encodeModel(onlyOutput(), { functions: [gelu] }))).rejects.toMatchObject({
        code: 'MODEL_UNKNOWN_DOMAIN',
      });
    }
  });
});

function onlyOutput() {
  return graph({ name: 'empty', nodes: [], inputs: [], outputs: [valueInfo('output', 'FP32', [1])] });
}
