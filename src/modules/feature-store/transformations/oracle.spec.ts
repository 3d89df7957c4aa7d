import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillTable, useDataEngine } from '../../../../test/support/data-engine.js';
import { packageRoot } from '../../../common/process/package-root.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';
import { recipes } from './recipes.js';
import type { Row } from './transformation.js';
import { transformationDeclaration } from './transformation-declaration.js';
import { TransformationPipeline } from './transformation-pipeline.js';

/** JSON has no infinities, so they are texts. */
type Values = readonly FeatureValue[];
type Expected = Readonly<Record<string, Values>>;
type Rows = readonly (readonly FeatureValue[])[];

interface Recipe {
  readonly columns: readonly TypedColumn[];
  readonly rows: Rows;
  readonly expected: Expected;
}

interface Oracle {
  readonly columns: readonly TypedColumn[];
  readonly frames: Readonly<Record<'train' | 'serve', Rows>>;
  readonly cases: readonly {
    readonly name: string;
    readonly steps: readonly unknown[];
    readonly expected: { readonly train: Expected; readonly serve?: Expected };
  }[];
  readonly recipes: Readonly<Record<keyof typeof recipes, Recipe>>;
}

/** What pandas and scikit-learn answered, see `generate.py` beside the file. */
const oracle = JSON.parse(
  readFileSync(join(packageRoot, 'test', 'oracles', 'feature-transformations', 'oracle.json'), 'utf8'),
) as Oracle;

/** Relative above 1, absolute below. */
const TOLERANCE = 1e-9;

const engine = useDataEngine();

function expectSame(actual: readonly Row[], expected: Expected): void {
  for (const [name, values] of Object.entries(expected)) {
    expect(actual).toHaveLength(values.length);
    for (const [index, value] of values.entries()) {
      const [wanted, got] = [numberOf(value), numberOf(actual[index]?.[name])];
      const near =
        typeof wanted === 'number' && typeof got === 'number' && Number.isFinite(wanted)
          ? Math.abs(wanted - got) <= TOLERANCE * Math.max(1, Math.abs(wanted))
          : Object.is(wanted, got);
      if (!near) expect({ name, index, value: got }).toEqual({ name, index, value: wanted });
    }
  }
}

const numberOf = (value: FeatureValue | undefined): FeatureValue | undefined =>
  value === 'Infinity' || value === '-Infinity' ? Number(value) : typeof value === 'boolean' ? Number(value) : value;

const objects = (columns: readonly TypedColumn[], rows: Rows): Row[] =>
  rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])));

/** The rows of the same user that come before a row. */
const historyOf = (rows: readonly Row[], row: Row): Row[] =>
  rows
    .filter(({ user }) => user === row['user'])
    .toSorted((one, other) => Number(one['at']) - Number(other['at']) || Number(one['row']) - Number(other['row']))
    .filter((_, index, sorted) => index < sorted.indexOf(row));

async function answers(steps: readonly unknown[]) {
  const shape = { columns: oracle.columns, entityKeys: ['user'], eventTime: 'at' };
  const pipeline = TransformationPipeline.of(transformationDeclaration({ version: 1, steps }), shape);
  for (const frame of ['train', 'serve'] as const)
    await fillTable(engine(), frame, oracle.columns, oracle.frames[frame]);
  const state: unknown = JSON.parse(JSON.stringify(await pipeline.fit(engine(), 'train')));
  const fitted = pipeline.fitted(state);
  return { fitted, rows: (frame: string) => engine().rows(fitted.sql(frame, { inOrder: true })) };
}

describe('transformations equal pandas and scikit-learn', () => {
  it.each(oracle.cases)('$name', async ({ steps, expected }) => {
    const { fitted, rows } = await answers(steps);
    expectSame(await rows('train'), expected.train);
    if (expected.serve !== undefined) expectSame(await rows('serve'), expected.serve);
    if (fitted.engineOnly.length > 0) return;
    for (const frame of ['train', 'serve'] as const) {
      const given = objects(oracle.columns, oracle.frames[frame]);
      expectSame(
        given.map((row) => fitted.valuesOf(row, fitted.needsHistory ? historyOf(given, row) : [])),
        expected[frame] ?? {},
      );
    }
  });
});

describe('recipes equal pandas and scikit-learn', () => {
  it.each([
    ['userBehaviour', 'user'],
    ['transactions', 'user'],
    ['sensors', 'sensor'],
  ] as const)('%s', async (name, entity) => {
    const { columns, rows, expected } = oracle.recipes[name];
    const declaration = transformationDeclaration(recipes[name]);
    expect(declaration).toEqual(recipes[name]);
    const pipeline = TransformationPipeline.of(declaration, { columns, entityKeys: [entity], eventTime: 'at' });
    await fillTable(engine(), 'recipe', columns, rows);
    const fitted = pipeline.fitted(await pipeline.fit(engine(), 'recipe'));
    expect(fitted.outputs.map((column) => column.name)).toEqual(Object.keys(expected));
    expect(fitted.engineOnly).toEqual([]);
    expectSame(await engine().rows(fitted.sql('recipe', { inOrder: true })), expected);
  });
});
