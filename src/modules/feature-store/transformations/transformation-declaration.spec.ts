import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../common/errors/coded-error.js';
import { packageRoot } from '../../../common/process/package-root.js';
import { transformationDeclaration } from './transformation-declaration.js';
import { transformationStep } from './transformation-kinds.js';

function refusal(json: unknown): CodedError {
  try {
    transformationDeclaration(json);
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const rolling = { kind: 'ROLLING', input: 'x', statistic: 'MEAN', window: { rows: 5 }, output: 'mean' };

describe('transformationDeclaration', () => {
  it('fills in what is left out, so that equal declarations have equal JSON', () => {
    const declaration = transformationDeclaration({
      steps: [
        { output: 'lag', input: 'x', kind: 'LAG' },
        { kind: 'ROBUST_SCALER', input: 'x', output: 'scaled' },
        { kind: 'MIN_MAX_SCALER', input: 'x', output: 'ranged' },
        { kind: 'FREQUENCY', inputs: ['user'], output: 'often' },
      ],
      version: 1,
    });
    expect(declaration).toEqual({
      version: 1,
      steps: [
        { kind: 'LAG', input: 'x', rows: 1, output: 'lag' },
        { kind: 'ROBUST_SCALER', input: 'x', quantileRange: [25, 75], output: 'scaled' },
        { kind: 'MIN_MAX_SCALER', input: 'x', range: [0, 1], output: 'ranged' },
        { kind: 'FREQUENCY', inputs: ['user'], normalize: false, output: 'often' },
      ],
    });
    expect(JSON.stringify(transformationDeclaration(JSON.parse(JSON.stringify(declaration))))).toBe(
      JSON.stringify(declaration),
    );
  });

  it.each<[string, unknown, RegExp]>([
    ['no object', 'HOUR', /all of it/],
    ['no version', { steps: [] }, /version/],
    ['a version to come', { version: 2, steps: [] }, /version/],
    ['an unknown kind', { version: 1, steps: [{ kind: 'PYTHON' }] }, /steps\[0\]\.kind/],
    ['an unknown field', { version: 1, steps: [{ ...rolling, code: 'import os' }] }, /steps\[0\].*code/],
    [
      'a window of no rows',
      { version: 1, steps: [rolling, { ...rolling, window: { rows: 0 } }] },
      /steps\[1\]\.window/,
    ],
    ['a window of both', { version: 1, steps: [{ ...rolling, window: { rows: 1, durationMs: 1 } }] }, /window/],
    ['a statistic that there is not', { version: 1, steps: [{ ...rolling, statistic: 'MODE' }] }, /statistic/],
    ['an output that is no name', { version: 1, steps: [{ ...rolling, output: 'a b' }] }, /output: give a name/],
    ['an output of our own', { version: 1, steps: [{ ...rolling, output: '__row' }] }, /output: give a name/],
    ['too many steps', { version: 1, steps: Array.from({ length: 201 }, () => rolling) }, /steps/],
    [
      'a category twice',
      { version: 1, steps: [{ kind: 'ONE_HOT', input: 'x', categories: ['a', 'a'], output: 'y' }] },
      /categories: a category is named twice/,
    ],
    [
      'a range that goes back',
      { version: 1, steps: [{ kind: 'MIN_MAX_SCALER', input: 'x', range: [1, 0], output: 'y' }] },
      /range: the first must be less/,
    ],
  ])('refuses %s', (_, json, message) => {
    const error = refusal(json);
    expect(error.code).toBe('INVALID_TRANSFORMATION');
    expect(error.message).toMatch(message);
  });

  it('tells of the first problems alone where there are many', () => {
    const { message } = refusal({ version: 1, steps: Array.from({ length: 150 }, () => ({ kind: 'LAG' })) });
    expect(message).toMatch(/steps\[0\]/);
    expect(message.length).toBeLessThan(1_000);
  });
});

describe('docs/guides/feature-transformations.md', () => {
  it('shows declarations that are read', async () => {
    const guide = await readFile(join(packageRoot, 'docs', 'guides', 'feature-transformations.md'), 'utf8');
    const shown = [...guide.matchAll(/```json\n(.+?)```/gs)].map(([, json]) => JSON.parse(json ?? '') as unknown);
    expect(shown).not.toEqual([]);
    for (const json of shown) expect(transformationDeclaration(json).version).toBe(1);
  });

  it('tells of every kind', async () => {
    const guide = await readFile(join(packageRoot, 'docs', 'guides', 'feature-transformations.md'), 'utf8');
    for (const { shape } of transformationStep.options) expect(guide).toContain(`\`${shape.kind.value}\``);
  });
});
