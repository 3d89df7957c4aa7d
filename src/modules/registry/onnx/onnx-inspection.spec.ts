import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attribute,
  encodeModel,
  graph,
  localFunction,
  ML_DOMAIN,
  ML_DOMAINS,
  node,
  tensor,
  valueInfo,
} from '../../../../models/training/onnx-builder.js';
import { garbageFiles, writeSparseZeros } from '../../../../test/support/onnx/garbage.js';
import {
  endlessLoopModel,
  externalDataModel,
  type ExternalDataPlace,
  hugeInitializerClaimModel,
  localFunctionModel,
  memoryBombModel,
  nestedSubgraphsModel,
  unknownDomainModel,
  type UnknownDomainPlace,
} from '../../../../test/support/onnx/hostile-models.js';
import { heavyModel, identityModel, mlpModel, simpleModel } from '../../../../test/support/onnx/models.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { DATATYPES } from '../../../common/tensor/datatypes.js';
import { inspectOnnx, inspectOnnxFile } from './onnx-inspection.js';
import type { OnnxLimits, OnnxSummary } from './onnx-summary.js';
import { bufferSource } from './wire-source.js';

const limits: OnnxLimits = { maxBytes: 2 ** 31 - 1, maxNodes: 10_000, maxDepth: 16 };

function inspect(bytes: Uint8Array, overrides: Partial<OnnxLimits> = {}): Promise<OnnxSummary> {
  return inspectOnnx(bufferSource(bytes), { ...limits, ...overrides });
}

const codes = [
  'MODEL_NOT_ONNX',
  'MODEL_EXTERNAL_DATA',
  'MODEL_UNKNOWN_DOMAIN',
  'MODEL_TOO_LARGE',
  'MODEL_LIMIT_EXCEEDED',
];

/** The law for any bytes: a summary, or a coded error of the five. */
async function isSummaryOrRefusal(bytes: Uint8Array): Promise<'summary' | 'refusal'> {
  try {
    const summary = await inspect(bytes);
    expect(summary.outputs.length).toBeGreaterThan(0);
    expect(Number.isSafeInteger(summary.parameterCount)).toBe(true);
    return 'summary';
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    expect(codes).toContain(error.code);
    return 'refusal';
  }
}

describe('the summary of a model', () => {
  it('tells what the add/sub model is', async () => {
    const bytes = simpleModel();
    expect(await inspect(bytes)).toEqual({
      bytes: bytes.length,
      irVersion: 8,
      operatorSets: [{ domain: '', version: 17 }],
      producer: { name: 'nestor', version: '' },
      nodeCount: 2,
      operators: { Add: 1, Sub: 1 },
      parameterCount: 0,
      inputs: ['INPUT0', 'INPUT1'].map((name) => ({
        name,
        kind: 'TENSOR',
        datatype: 'INT32',
        shape: [-1, 16],
        dimensionNames: ['batch', ''],
      })),
      outputs: ['OUTPUT0', 'OUTPUT1'].map((name) => ({
        name,
        kind: 'TENSOR',
        datatype: 'INT32',
        shape: [-1, 16],
        dimensionNames: ['batch', ''],
      })),
      metadata: {},
    });
  });

  it('counts operators and parameters of a network whose weights it does not read', async () => {
    const bytes = mlpModel();
    let read = 0;
    const source = bufferSource(bytes);
    const counting = {
      size: source.size,
      read: (target: Uint8Array, position: number) => {
        read += target.length;
        return source.read(target, position);
      },
    };
    const summary = await inspectOnnx(counting, limits);
    expect(summary.operators).toEqual({ Gemm: 9, Relu: 8 });
    expect(summary.parameterCount).toBe(16 * 512 + 512 + 7 * (512 * 512 + 512) + 512 * 10 + 10);
    expect(read).toBeLessThan(bytes.length / 4);
  });

  it('counts nodes of subgraphs and accepts a loop, which only running can tell from an endless one', async () => {
    expect(await inspect(endlessLoopModel())).toMatchObject({
      nodeCount: 3,
      operators: { Loop: 1, Identity: 1, Cos: 1 },
    });
    expect((await inspect(memoryBombModel())).inputs).toMatchObject([{ datatype: 'INT64', shape: [1] }]);
  });

  it.each([...DATATYPES])('names the datatype %s', async (datatype) => {
    const { inputs } = await inspect(identityModel(datatype));
    expect(inputs).toMatchObject([{ name: 'input', kind: 'TENSOR', datatype }]);
  });

  it('accepts operators that the file itself defines, and the classical ones', async () => {
    const own = await inspect(localFunctionModel());
    expect(own.operators).toEqual({ 'local::Square': 1, Mul: 1 });
    expect(own.operatorSets).toEqual([
      { domain: '', version: 17 },
      { domain: 'local', version: 1 },
    ]);
    const classical = encodeModel(
      graph({
        name: 'classical',
        nodes: [node('Binarizer', ['input'], ['output'], { domain: ML_DOMAIN })],
        inputs: [valueInfo('input', 'FP32', ['batch', 4])],
        outputs: [valueInfo('output', 'FP32', ['batch', 4])],
      }),
      { domains: ML_DOMAINS },
    );
    expect((await inspect(classical)).operators).toEqual({ 'ai.onnx.ml::Binarizer': 1 });
  });

  it('leaves out inputs that have an initializer, keeps metadata and scalars', async () => {
    const bytes = encodeModel(
      graph({
        name: 'defaults',
        nodes: [node('Add', ['input', 'bias'], ['output'])],
        initializers: [tensor('bias', 'FP32', [], [1])],
        inputs: [valueInfo('input', 'FP32', []), valueInfo('bias', 'FP32', [])],
        outputs: [valueInfo('output', 'FP32', [])],
      }),
      { metadata: { author: 'Ada', __proto__x: 'y' }, producer: 'torch' },
    );
    const summary = await inspect(bytes);
    expect(summary.inputs).toEqual([
      { name: 'input', kind: 'TENSOR', datatype: 'FP32', shape: [], dimensionNames: [] },
    ]);
    expect(summary.parameterCount).toBe(1);
    expect(summary.metadata).toEqual({ author: 'Ada', __proto__x: 'y' });
    expect(summary.producer.name).toBe('torch');
  });
});

describe('refusals', () => {
  it.each(Object.entries(garbageFiles()))('%s is not ONNX', async (_name, bytes) => {
    await expect(inspect(bytes)).rejects.toMatchObject({ code: 'MODEL_NOT_ONNX' });
  });

  it('says what a file is that was taken for a model', async () => {
    const { zip = Buffer.of(), png = Buffer.of(), empty = Buffer.of() } = garbageFiles();
    await expect(inspect(zip)).rejects.toThrow(/ZIP archive/);
    await expect(inspect(png)).rejects.toThrow(/PNG image/);
    await expect(inspect(empty)).rejects.toThrow(/empty/);
  });

  it.each<ExternalDataPlace>(['initializer', 'attribute', 'sparse', 'subgraph', 'function', 'training'])(
    'external data in %s',
    async (place) => {
      for (const location of ['../secret', '/etc/passwd', 'weights.bin']) {
        const refusal = await inspect(externalDataModel(location, place)).catch((error: unknown) => error);
        expect(refusal).toMatchObject({ code: 'MODEL_EXTERNAL_DATA', details: { tensor: expect.any(String) } });
        expect(String(refusal)).not.toContain(location);
      }
    },
  );

  it.each<UnknownDomainPlace>(['import', 'node', 'subgraph', 'function'])('an unknown domain in %s', async (place) => {
    await expect(inspect(unknownDomainModel(place))).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN_DOMAIN',
      details: { domain: 'com.microsoft' },
    });
    await expect(inspect(unknownDomainModel(place, 'ai.onnx.training'))).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN_DOMAIN',
    });
  });

  it('shapes that claim more than the bytes present, overflow, or are negative', async () => {
    for (const dims of [
      [1_000_000, 1_000_000],
      [2],
      [2 ** 30, 2 ** 30, 2 ** 30],
      Array.from({ length: 65 }, () => 1),
    ]) {
      await expect(inspect(hugeInitializerClaimModel(dims))).rejects.toMatchObject({ code: 'MODEL_LIMIT_EXCEEDED' });
    }
    await expect(inspect(hugeInitializerClaimModel([-1]))).rejects.toMatchObject({ code: 'MODEL_NOT_ONNX' });
    expect((await inspect(hugeInitializerClaimModel([0]))).parameterCount).toBe(0);
  });

  it('subgraphs nested a thousand deep, and just over the limit', async () => {
    await expect(inspect(nestedSubgraphsModel(1000))).rejects.toMatchObject({ code: 'MODEL_LIMIT_EXCEEDED' });
    await expect(inspect(nestedSubgraphsModel(16))).rejects.toMatchObject({ code: 'MODEL_LIMIT_EXCEEDED' });
    expect((await inspect(nestedSubgraphsModel(15))).operators).toEqual({ If: 15, Identity: 16 });
    expect((await inspect(nestedSubgraphsModel(1000), { maxDepth: 1001 })).nodeCount).toBe(2001);
  });

  it('too many nodes or bytes', async () => {
    const bytes = heavyModel({ multiplications: 3 });
    const { nodeCount } = await inspect(bytes);
    await expect(inspect(bytes, { maxNodes: nodeCount - 1 })).rejects.toMatchObject({ code: 'MODEL_LIMIT_EXCEEDED' });
    await expect(inspect(bytes, { maxBytes: bytes.length - 1 })).rejects.toMatchObject({
      code: 'MODEL_TOO_LARGE',
      details: { bytes: bytes.length, maxBytes: bytes.length - 1 },
    });
    expect(await inspect(bytes, { maxNodes: nodeCount, maxBytes: bytes.length })).toMatchObject({ nodeCount });
  });
});

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
      await expect(inspect(bytes, { maxNodes: 4 })).resolves.toBeDefined();
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

describe('files', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onnx-inspection-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('reads a model from disk and gives the same summary', async () => {
    const path = join(folder, 'mlp.onnx');
    await writeFile(path, mlpModel());
    expect(await inspectOnnxFile(path, limits)).toEqual(await inspect(mlpModel()));
  });

  it('refuses two gibibytes of zeros at their first byte, and above the limit unread', async () => {
    const path = join(folder, 'zeros.onnx');
    await writeSparseZeros(path);
    await expect(inspectOnnxFile(path, limits)).rejects.toMatchObject({ code: 'MODEL_TOO_LARGE' });
    await expect(inspectOnnxFile(path, { ...limits, maxBytes: 2 ** 32 })).rejects.toMatchObject({
      code: 'MODEL_NOT_ONNX',
      details: { position: 1 },
    });
  });

  it('refuses a folder, and passes on that a file is missing', async () => {
    await expect(inspectOnnxFile(folder, limits)).rejects.toMatchObject({ code: 'MODEL_NOT_ONNX' });
    await expect(inspectOnnxFile(join(folder, 'absent'), limits)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('any bytes', () => {
  const small = [simpleModel(), localFunctionModel(), endlessLoopModel(), nestedSubgraphsModel(3), memoryBombModel()];

  it('end in a summary or a refusal when they are random', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        await isSummaryOrRefusal(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('end in a refusal when a model is cut inside its graph, and never in anything else', async () => {
    for (const model of small) {
      for (let length = 0; length < model.length; length += 1) await isSummaryOrRefusal(model.subarray(0, length));
      expect(await isSummaryOrRefusal(model)).toBe('summary');
      expect(await isSummaryOrRefusal(model.subarray(0, model.length / 2))).toBe('refusal');
    }
  });

  it('end in a summary or a refusal when bits of a model flip', async () => {
    for (const model of small) {
      for (let bit = 0; bit < model.length * 8; bit += 1) {
        const flipped = Buffer.from(model);
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        await isSummaryOrRefusal(flipped);
      }
    }
  });

  it('end in a summary or a refusal when pieces of models are overwritten', async () => {
    const piece = fc.record({ at: fc.nat({ max: 2000 }), bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...small),
        fc.array(piece, { minLength: 1, maxLength: 4 }),
        async (model, pieces) => {
          const bytes = Buffer.from(model);
          for (const { at, bytes: content } of pieces) bytes.set(content.subarray(0, 1), at % bytes.length);
          await isSummaryOrRefusal(bytes);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('long models', () => {
  it('are read across the window, whatever lies at its edge', async () => {
    const { ints } = attribute;
    const nodes = Array.from({ length: 9000 }, (_, index) =>
      node('Transpose', [index === 0 ? 'input' : `value${index - 1}`], [`value${index}`], {
        attributes: { perm: ints([0, 1]) },
      }),
    );
    const bytes = encodeModel(
      graph({
        name: 'long',
        nodes: [...nodes, node('Identity', ['value8999'], ['output'])],
        inputs: [valueInfo('input', 'FP32', ['batch', 4])],
        outputs: [valueInfo('output', 'FP32', ['batch', 4])],
      }),
    );
    expect(bytes.length).toBeGreaterThan(4 * 64 * 1024);
    expect((await inspect(bytes)).operators).toEqual({ Transpose: 9000, Identity: 1 });
  });
});
