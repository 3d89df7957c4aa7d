import fc from 'fast-check';
import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import {
  endlessLoopModel,
  externalDataModel,
  type ExternalDataPlace,
  localFunctionModel,
  memoryBombModel,
  nestedSubgraphsModel,
  unknownDomainModel,
} from '../../../../test/support/onnx/hostile-models.js';
import { inspect } from '../../../../test/support/onnx/inspect.js';
import { heavyModel, mlpModel, simpleModel } from '../../../../test/support/onnx/models.js';
import { CodedError } from '../../../common/errors/coded-error.js';

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

/** All objects within a decoded message. */
function* messagesWithin(root: object): Generator<Record<string, unknown>> {
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) continue;
    yield value as Record<string, unknown>;
    waiting.push(...Object.values(value));
  }
}

interface NamedFunction {
  readonly name?: string;
  readonly domain?: string;
}

/**
 * What a complete decoder finds in a file that the inspection must never let through. This decoder does not look at the
 * wire types of known fields, as the format asks for; where that makes it stumble over a file, it has no say.
 */
function forbiddenIn(bytes: Uint8Array): string[] {
  const { ModelProto } = onnxProto.onnx;
  let model: Record<string, unknown>;
  try {
    model = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number });
  } catch {
    return [];
  }
  const functions = (model['functions'] ?? []) as readonly NamedFunction[];
  const own = new Set(functions.map(({ domain = '', name = '' }) => `${domain}::${name}`));
  const found: string[] = [];
  for (const message of messagesWithin(model)) {
    if (message['externalData'] !== undefined || Boolean(message['dataLocation'])) found.push('external data');
    const { opType, domain = '' } = message;
    if (typeof opType === 'string' && typeof domain === 'string' && !['', 'ai.onnx', 'ai.onnx.ml'].includes(domain)) {
      if (!own.has(`${domain}::${opType}`)) found.push(`${domain}::${opType}`);
    }
  }
  return found;
}

describe('against a complete decoder', () => {
  it('no flipped bit carries external data or a foreign operator past the inspection', async () => {
    const places: readonly ExternalDataPlace[] = [
      'initializer',
      'attribute',
      'sparse',
      'subgraph',
      'function',
      'training',
    ];
    const models = [
      ...places.map((place) => externalDataModel('../s', place)),
      unknownDomainModel('node'),
      unknownDomainModel('subgraph'),
      unknownDomainModel('function'),
    ];
    expect(models.map(forbiddenIn).every((found) => found.length > 0)).toBe(true);
    let accepted = 0;
    for (const model of models) {
      for (let bit = 0; bit < model.length * 8; bit += 1) {
        const flipped = Buffer.from(model);
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        if ((await isSummaryOrRefusal(flipped)) === 'summary') {
          accepted += 1;
          expect(forbiddenIn(flipped)).toEqual([]);
        }
      }
    }
    expect(accepted).toBeGreaterThan(0);
  });

  it('operators and parameters are the ones that it finds', async () => {
    for (const model of [mlpModel({ width: 8 }), heavyModel(), endlessLoopModel(), nestedSubgraphsModel(5)]) {
      const decoded = onnxProto.onnx.ModelProto.decode(model);
      const operators: Record<string, number> = {};
      for (const { opType } of messagesWithin(decoded)) {
        if (typeof opType === 'string') operators[opType] = (operators[opType] ?? 0) + 1;
      }
      const sizes = (decoded.graph?.initializer ?? []).map(({ dims }) =>
        (dims ?? []).reduce<number>((size, dim) => size * Number(dim), 1),
      );
      const summary = await inspect(model);
      expect(summary.operators).toEqual(operators);
      expect(summary.parameterCount).toBe(sizes.reduce((sum, size) => sum + size, 0));
    }
  });
});
