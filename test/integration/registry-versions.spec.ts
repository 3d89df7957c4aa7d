import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RegistrySnapshot } from '../../src/modules/registry/snapshot/registry-snapshot.js';
import { simpleModel } from '../support/onnx/models.js';
import {
  CREATE_MODEL,
  CREATE_VERSION,
  DELETE_ALIAS,
  LIST,
  MODEL,
  SET_ALIAS,
  TRANSITION,
  VERSION,
  codeOf,
  expectDone,
  registryFixture,
} from '../support/registry-fixture.js';
import type { TestActor } from '../support/registry.js';

const fixture = registryFixture();
const { uploaded, run, mutate, createModel, createVersion, modelWith, audited } = fixture;

const tensor = (name: string) => ({ name, datatype: 'INT32', shape: [-1, 16] });

describe('model versions', () => {
  it('take their signature from the file', async () => {
    const digest = await uploaded(simpleModel());
    await createModel('simple');
    const { createModelVersion: version } = await createVersion('simple', {
      artifact: digest,
      description: 'First.',
      tags: [{ key: 'run', value: '7' }],
    });
    expect(version).toMatchObject({
      model: 'simple',
      version: 1,
      digest,
      sizeBytes: simpleModel().length,
      stage: 'NONE',
      aliases: [],
      description: 'First.',
      tags: [{ key: 'run', value: '7' }],
      metadata: {},
      batchable: true,
      signature: { inputs: ['INPUT0', 'INPUT1'].map(tensor), outputs: ['OUTPUT0', 'OUTPUT1'].map(tensor) },
      onnx: { irVersion: 8, operatorSets: [{ domain: '', version: 17 }], nodeCount: 2, parameterCount: 0 },
    });
    expect(await audited()).toEqual([
      'model.create registered-model simple',
      'model-version.create model-version simple/1',
    ]);
  });

  it('keep metadata that fits and refuse what does not', async () => {
    await createModel('meta');
    const metadata = {
      inputColumns: ['a', 'b', 'c', 'd'],
      outputLabels: ['w', 'x', 'y', 'z'],
      outputs: { probabilities: 'output' },
      preprocessing: { scale: 0.5, offset: [1, 2, 3, 4] },
      postprocessing: { activation: 'SOFTMAX', description: null },
    };
    const { createModelVersion } = await createVersion('meta', { metadata });
    expect(createModelVersion).toMatchObject({
      metadata: { ...metadata, postprocessing: { activation: 'SOFTMAX' } },
    });
    const refused = await mutate(CREATE_VERSION, {
      model: 'meta',
      artifact: fixture.digest,
      metadata: { ...metadata, inputColumns: ['a'] },
    });
    expect(codeOf(refused)).toBe('INVALID_INPUT');
    expect(refused.errors[0]?.message).toContain('inputColumns: has 1 names for 4 columns; "input" has [-1, 4]');
    const deep = { inputColumns: ['a\0'], outputs: { label: '' } };
    const broken = await mutate(CREATE_VERSION, { model: 'meta', artifact: fixture.digest, metadata: deep });
    expect(broken.errors[0]?.message).toMatch(/U\+0000.*metadata\.outputs\.label/);
    expect(await createVersion('meta')).toMatchObject({ createModelVersion: { version: 2 } });
  });

  it.each([
    ['an unknown model', { model: 'absent' }, 'MODEL_NOT_FOUND'],
    ['an unknown artifact', { artifact: `sha256:${'0'.repeat(64)}` }, 'ARTIFACT_NOT_FOUND'],
    ['no digest', { artifact: '../../etc/passwd' }, 'INVALID_INPUT'],
  ])('are refused for %s', async (_, change, code) => {
    await createModel('known');
    expect(codeOf(await mutate(CREATE_VERSION, { model: 'known', artifact: fixture.digest, ...change }))).toBe(code);
  });

  it('are numbered without gaps while 20 are made at once and some of them fail at the last moment', async () => {
    await createModel('busy');
    await createVersion('busy');
    // Fails after the number was taken; `retry` fails as a deadlock does, once.
    await fixture.registry.dataSource.query('CREATE SEQUENCE registry_test_retries');
    await fixture.registry.dataSource.query(`
      CREATE FUNCTION registry_test_fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.description = 'fail' THEN RAISE EXCEPTION 'made to fail'; END IF;
        IF NEW.description = 'retry' AND nextval('registry_test_retries') <= 3 THEN
          RAISE EXCEPTION 'made to retry' USING ERRCODE = '40P01';
        END IF;
        RETURN NEW;
      END $$`);
    await fixture.registry.dataSource.query(
      'CREATE TRIGGER registry_test AFTER INSERT ON model_versions FOR EACH ROW EXECUTE FUNCTION registry_test_fail()',
    );
    const descriptions = Array.from({ length: 20 }, (_, index) => ['fine', 'fail', 'retry', 'fine'][index % 4]);
    const answers = await Promise.all(
      descriptions.map((description) =>
        mutate(CREATE_VERSION, { model: 'busy', artifact: fixture.digest, description }),
      ),
    );
    await fixture.registry.dataSource.query('DROP TRIGGER registry_test ON model_versions');
    expect(answers.map((answer) => codeOf(answer))).toEqual(
      descriptions.map((description) => (description === 'fail' ? 'INTERNAL_SERVER_ERROR' : undefined)),
    );
    expect(JSON.stringify(answers)).not.toContain('made to');
    await createVersion('busy');
    const { registeredModel } = (await expectDone(run(MODEL, { name: 'busy' }))) as {
      registeredModel: { versions: { version: number }[] };
    };
    expect(registeredModel.versions.map(({ version }) => version)).toEqual(
      Array.from({ length: 17 }, (_, index) => 17 - index),
    );
    expect((await audited()).filter((line) => line.startsWith('model-version.create'))).toHaveLength(17);
  });

  it('belong to their workspace alone: nothing of another can be seen, used or changed', async () => {
    await modelWith('private', 1);
    await expectDone(mutate(SET_ALIAS, { model: 'private', version: 1, alias: 'champion' }));
    const stranger: TestActor = { workspaceId: randomUUID(), role: 'ADMIN' };
    expect(await expectDone(run(MODEL, { name: 'private' }, stranger))).toEqual({ registeredModel: null });
    expect(await expectDone(run(VERSION, { model: 'private', version: 1 }, stranger))).toEqual({ modelVersion: null });
    expect(await expectDone(run(LIST, {}, stranger))).toMatchObject({ registeredModels: { edges: [] } });
    const target = { model: 'private', version: 1 };
    const refusals = await Promise.all([
      mutate(CREATE_VERSION, { model: 'private', artifact: fixture.digest }, stranger),
      mutate(SET_ALIAS, { ...target, alias: 'mine' }, stranger),
      mutate(DELETE_ALIAS, { model: 'private', alias: 'champion' }, stranger),
      mutate(TRANSITION, { ...target, stage: 'ARCHIVED' }, stranger),
    ]);
    expect(refusals.map(codeOf)).toEqual(Array.from({ length: 4 }, () => 'MODEL_NOT_FOUND'));
    await expectDone(mutate(CREATE_MODEL, { name: 'private' }, stranger));
    expect(codeOf(await mutate(CREATE_VERSION, { model: 'private', artifact: fixture.digest }, stranger))).toBe(
      'ARTIFACT_NOT_FOUND',
    );
    const snapshot = fixture.registry.app.get(RegistrySnapshot);
    await expect(Promise.resolve(snapshot.resolve(stranger.workspaceId, { model: 'private' }))).rejects.toMatchObject({
      code: 'MODEL_NOT_READY',
    });
    expect(await expectDone(run(MODEL, { name: 'private' }))).toMatchObject({
      registeredModel: { versions: [{ version: 1, stage: 'NONE', aliases: ['champion'] }] },
    });
  });
});
