import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type ModelStage, modelStages } from '../model-stage.js';
import { buildCatalog, type CatalogVersion, findServable, findServed } from './catalog.rules.js';
import type { ModelReference } from './servable-version.js';

const version = (number: number, stage: ModelStage = 'NONE', modelId = 'm'): CatalogVersion => ({
  modelId,
  model: 'iris',
  version: number,
  versionId: `${modelId}${number}`,
  digest: `sha256:${number}`,
  sizeBytes: 1,
  signature: { inputs: [], outputs: [] },
  batchable: true,
  metadata: {},
  serving: null,
  featureBinding: null,
  stage,
});

const catalogOf = (versions: readonly CatalogVersion[], aliases: Readonly<Record<string, number>> = {}) =>
  buildCatalog(
    [{ id: 'm', name: 'iris' }],
    versions,
    Object.entries(aliases).map(([alias, number]) => ({ modelId: 'm', alias, version: number })),
  );

function outcome(catalog: ReturnType<typeof catalogOf>, reference: Omit<ModelReference, 'model'> = {}) {
  const found = findServable(catalog, { model: 'iris', ...reference });
  return found instanceof CodedError ? `${found.code}: ${found.message}` : found.version;
}

describe('findServable', () => {
  const catalog = catalogOf(
    [version(1, 'ARCHIVED'), version(2, 'PRODUCTION'), version(3, 'STAGING'), version(4, 'ARCHIVED')],
    { champion: 1, challenger: 3 },
  );

  it('takes the version, else the alias, else PRODUCTION', () => {
    expect(outcome(catalog, { version: 3, alias: 'champion' })).toBe(3);
    expect(outcome(catalog, { version: 4 })).toBe(4);
    expect(outcome(catalog, { alias: 'champion' })).toBe(1);
    expect(outcome(catalog, { version: null, alias: null })).toBe(2);
  });

  it('takes the newest that is not archived when none is in PRODUCTION', () => {
    expect(outcome(catalogOf([version(1), version(2, 'STAGING'), version(3, 'ARCHIVED')]))).toBe(2);
  });

  it('takes the newest of several in PRODUCTION', () => {
    expect(outcome(catalogOf([version(1, 'PRODUCTION'), version(2, 'PRODUCTION'), version(3)]))).toBe(2);
  });

  it('never takes an archived version by default', () => {
    const versions = fc.array(fc.constantFrom(...modelStages), { maxLength: 6 });
    fc.assert(
      fc.property(versions, (stages) => {
        const built = catalogOf(stages.map((stage, index) => version(index + 1, stage)));
        const taken = outcome(built);
        const expected =
          stages.lastIndexOf('PRODUCTION') === -1
            ? stages.findLastIndex((stage) => stage !== 'ARCHIVED')
            : stages.lastIndexOf('PRODUCTION');
        if (expected === -1) expect(taken).toMatch(/^MODEL_NOT_READY: /);
        else expect(taken).toBe(expected + 1);
      }),
    );
  });

  it('says what there is when something is not', () => {
    expect(outcome(catalog, { version: 9 })).toBe('MODEL_NOT_FOUND: Model "iris" has no version 9; it has 4, 3, 2, 1.');
    expect(outcome(catalog, { alias: 'best' })).toBe(
      'MODEL_NOT_FOUND: Model "iris" has no alias "best"; it has champion, challenger.',
    );
    expect(findServable(catalog, { model: 'x'.repeat(500) })).toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: `There is no model "${'x'.repeat(128)}…" in this workspace; it has iris.`,
    });
    expect(outcome(catalogOf([]))).toContain('has no version yet');
    expect(outcome(catalogOf([version(1, 'ARCHIVED')]))).toContain('has only archived versions (1)');
    expect(findServable(new Map(), { model: 'iris' })).toMatchObject({
      message: 'There is no model "iris" in this workspace; it has none.',
    });
    const many = catalogOf(Array.from({ length: 30 }, (_, index) => version(index + 1)));
    expect(outcome(many, { version: 99 })).toContain('it has 30, 29, 28, 27, 26, 25, 24, 23, 22, 21 and 20 more.');
  });

  it('leaves out what points nowhere', () => {
    const built = buildCatalog(
      [{ id: 'm', name: 'iris' }],
      [version(1), version(1, 'NONE', 'other')],
      [
        { modelId: 'm', alias: 'gone', version: 2 },
        { modelId: 'other', alias: 'champion', version: 1 },
      ],
    );
    expect(outcome(built, { alias: 'gone' })).toContain('MODEL_NOT_FOUND');
    expect([...built.keys()]).toEqual(['iris']);
  });
});

describe('findServed', () => {
  it('refuses a version that was unloaded, and no other', () => {
    const serving = { residency: 'UNLOADED', policy: {}, revision: 1 } as const;
    const catalog = catalogOf([version(1), { ...version(2), serving }]);
    expect(findServed(catalog, { model: 'iris', version: 1 })).toMatchObject({ version: 1 });
    expect(findServed(catalog, { model: 'iris' })).toMatchObject({
      code: 'MODEL_UNLOADED',
      message: expect.stringMatching(/Version 2 of model "iris" was unloaded/),
    });
    expect(findServed(catalog, { model: 'nothing' })).toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });
});
