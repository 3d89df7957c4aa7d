import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { inspectOnnxFile } from '../src/modules/registry/onnx/onnx-inspection.js';
import { digitsRecipe } from './digits/recipe.js';
import { irisRecipe } from './iris/recipe.js';
import { evaluateClassifier } from './training/evaluation.js';
import { labelledData, type LabelledData } from './training/labelled-data.js';
import { parametersOf } from './training/network.js';
import { follow, type Recipe } from './training/recipe.js';
import { batchFeeds, float32Of, REPRODUCIBLE_SESSION, stepFeeds } from './training/trainer.js';
import { buildTrainingGraph, stateNames } from './training/training-graph.js';

interface Description {
  readonly name: string;
  readonly versions: readonly {
    readonly version: number;
    readonly artifact: string;
    readonly stage: string;
    readonly aliases: readonly string[];
    readonly metadata: {
      readonly inputColumns?: readonly string[];
      readonly outputLabels: readonly string[];
      readonly outputs: Readonly<Record<string, string>>;
    };
  }[];
  readonly example: {
    readonly records?: readonly Readonly<Record<string, number>>[];
    readonly inputs?: readonly { readonly name: string; readonly shape: readonly number[]; readonly data: number[] }[];
  };
}

const models: readonly { name: string; recipe: Recipe; exampleLabels: readonly number[] }[] = [
  { name: 'iris', recipe: irisRecipe, exampleLabels: [0, 1, 2] },
  { name: 'digits', recipe: digitsRecipe, exampleLabels: [7] },
];

describe.each(models)('example model $name', ({ name, recipe, exampleLabels }) => {
  const folder = join(import.meta.dirname, name);
  const readModel = () => readFile(join(folder, '1', 'model.onnx'));
  const readReadme = () => readFile(join(folder, 'README.md'), 'utf8');
  const readDescription = async (): Promise<Description> =>
    JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as Description;

  it('does as well on the held-out rows as its README says', async () => {
    const { heldOut } = recipe.split();
    const { accuracy, correct, rows, confusion } = await evaluateClassifier(await readModel(), heldOut);
    expect(accuracy).toBeGreaterThanOrEqual(0.95);
    const readme = await readReadme();
    expect(readme).toContain(`**${accuracy.toFixed(4)}** (${correct} of ${rows})`);
    for (const counts of confusion) expect(readme.replaceAll(/ +/g, ' ')).toContain(`| ${counts.join(' | ')} |`);
  });

  it('has the digest and size that its README states', async () => {
    const [model, readme] = await Promise.all([readModel(), readReadme()]);
    expect(readme).toContain(createHash('sha256').update(model).digest('hex'));
    expect(readme).toContain(`${model.length.toLocaleString('en')} bytes`);
    expect(model.length).toBeLessThan(300_000);
  });

  it('passes inspection and declares a batch of any size by one name', async () => {
    const limits = { maxBytes: 2 ** 20, maxNodes: 100, maxDepth: 1 };
    const { inputs, outputs, operatorSets, irVersion } = await inspectOnnxFile(join(folder, '1', 'model.onnx'), limits);
    expect(irVersion).toBe(8);
    expect(operatorSets).toEqual([{ domain: '', version: 17 }]);
    for (const { shape, dimensionNames } of [...inputs, ...outputs]) {
      expect(shape?.[0]).toBe(-1);
      expect(dimensionNames?.[0]).toBe('batch');
    }
  });

  it('gives the logits of the training graph', async () => {
    const { heldOut, training } = recipe.split();
    const network = recipe.network({ heldOut, training });
    const file = await readModel();
    const session = await InferenceSession.create(buildTrainingGraph(network, 0), REPRODUCIBLE_SESSION);
    const values = storedParameters(file);
    const state: Record<string, Tensor> = {};
    for (const parameter of parametersOf(network)) {
      const { first, second } = stateNames(parameter.name);
      const zeros = new Float32Array(values.get(parameter.name)?.length ?? 0);
      state[parameter.name] = new Tensor('float32', values.get(parameter.name) ?? zeros, parameter.shape);
      state[first] = new Tensor('float32', zeros, parameter.shape);
      state[second] = new Tensor('float32', zeros, parameter.shape);
    }
    const rows = Array.from({ length: 40 }, (_, row) => row);
    const feeds = { ...batchFeeds(network, heldOut, rows), ...stepFeeds(0, 1), ...state };
    const logits = float32Of((await session.run(feeds, ['logits']))['logits']);
    const expected = softmaxRows(logits, network.classes);
    const actual = await probabilitiesOf(file, heldOut, rows);
    expect(actual).toHaveLength(expected.length);
    const differences = expected.map((value, index) => Math.abs(value - (actual[index] ?? Number.NaN)));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1e-5);
  });

  it('describes itself so that it can be registered, with an example that it gets right', async () => {
    const description = await readDescription();
    expect(description.name).toBe(name);
    expect(description.versions).toMatchObject([
      { version: 1, artifact: '1/model.onnx', stage: 'PRODUCTION', aliases: ['champion'] },
    ]);
    const [metadata] = description.versions.map((version) => version.metadata);
    const session = await InferenceSession.create(await readModel(), REPRODUCIBLE_SESSION);
    expect(session.outputNames).toEqual(expect.arrayContaining(Object.values(metadata?.outputs ?? {})));
    expect(metadata?.outputLabels).toHaveLength(recipe.network(recipe.split()).classes);
    const { records = [], inputs = [] } = description.example;
    const examples = [
      ...records.map((record) => (metadata?.inputColumns ?? []).map((column) => record[column] ?? Number.NaN)),
      ...inputs.map(({ data }) => data),
    ];
    for (const input of inputs) expect(input.shape.reduce((size, dim) => size * dim, 1)).toBe(input.data.length);
    const rows = examples.map((features, index) => ({ features, label: exampleLabels[index] ?? -1 }));
    expect(await evaluateClassifier(await readModel(), labelledData(rows))).toMatchObject({ accuracy: 1 });
  });

  it('is trained on no row that it is tested with, and on all the others', () => {
    const { training, heldOut } = recipe.split();
    const seen = new Set(training.labels.map((_, row) => rowKey(training, row)));
    const repeated = heldOut.labels.filter((_, row) => seen.has(rowKey(heldOut, row)));
    expect(repeated).toEqual([]);
    expect(training.rows + heldOut.rows).toBe(name === 'iris' ? 150 : 10_000);
  });
});

it('the same recipe gives the same bytes', async () => {
  const short: Recipe = { ...irisRecipe, training: { ...irisRecipe.training, epochs: 3 } };
  const losses: number[] = [];
  const first = await follow(short, (_epoch, loss) => losses.push(loss));
  expect((await follow(short)).equals(first)).toBe(true);
  expect(losses).toHaveLength(3);
  expect(losses[2]).toBeLessThan(losses[0] ?? 0);
  const reseeded = { ...short, training: { ...short.training, seed: 2 } };
  expect((await follow(reseeded)).equals(first)).toBe(false);
});

/** Parameters as they stand in a model file, by name. */
function storedParameters(file: Uint8Array): Map<string, Float32Array> {
  const { graph } = onnxProto.onnx.ModelProto.decode(file);
  return new Map(
    (graph?.initializer ?? []).map(({ name, rawData }) => {
      const bytes = Uint8Array.from(rawData ?? []);
      return [name ?? '', new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4))];
    }),
  );
}

function rowKey({ features, columns }: LabelledData, row: number): string {
  return features.subarray(row * columns, (row + 1) * columns).join();
}

async function probabilitiesOf(file: Uint8Array, data: LabelledData, rows: readonly number[]): Promise<Float32Array> {
  const session = await InferenceSession.create(file, REPRODUCIBLE_SESSION);
  const [input] = session.inputMetadata;
  const shape = input?.isTensor ? input.shape.slice(1).map(Number) : [];
  const features = data.features.subarray(0, rows.length * data.columns);
  const results = await session.run({ [input?.name ?? '']: new Tensor('float32', features, [rows.length, ...shape]) });
  return float32Of(results['probabilities']);
}

function softmaxRows(logits: Float32Array, classes: number): number[] {
  const rows = Array.from({ length: logits.length / classes }, (_, row) =>
    Array.from(logits.subarray(row * classes, (row + 1) * classes)),
  );
  return rows.flatMap((row) => {
    const greatest = Math.max(...row);
    const powers = row.map((logit) => Math.exp(logit - greatest));
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => power / sum);
  });
}
