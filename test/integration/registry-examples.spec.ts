import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExampleModels } from '../../src/modules/registry/example-models.service.js';
import { ModelVersionService } from '../../src/modules/registry/model-version.service.js';
import { identityModel } from '../support/onnx/models.js';
import { contextOf, startTestRegistry, type TestActor, type TestRegistry } from '../support/registry.js';

const shipped = fileURLToPath(new URL('../../models/', import.meta.url));

let registry: TestRegistry;
let engineer: TestActor;
let folder: string;

beforeAll(async () => {
  registry = await startTestRegistry();
  folder = await mkdtemp(join(tmpdir(), 'nestor-models-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await registry.close();
});

beforeEach(() => {
  engineer = { workspaceId: randomUUID(), role: 'ENGINEER' };
});

const registerAll = (from: string) => registry.app.get(ExampleModels).registerAll(contextOf(engineer), from);

async function describeModel(name: string, description: unknown): Promise<void> {
  await mkdir(join(folder, name, '1'), { recursive: true });
  await writeFile(join(folder, name, '1', 'model.onnx'), identityModel('FP32'));
  await writeFile(join(folder, name, 'model.json'), JSON.stringify(description));
}

const STATE = `{ registeredModels { edges { node { name tags { key value } versions { version stage aliases } } } } }`;

async function state(): Promise<unknown> {
  const { data } = await registry.ask<{ registeredModels: { edges: { node: unknown }[] } }>(engineer, STATE);
  return data?.registeredModels.edges.map(({ node }) => node);
}

describe('ExampleModels', () => {
  it('registers the models that come with Nestor, ready to be served, once', async () => {
    const registered = [
      { name: 'digits', version: 1 },
      { name: 'iris', version: 1 },
    ];
    expect(await registerAll(shipped)).toEqual(registered);
    const once = await state();
    expect(once).toMatchObject([
      { name: 'digits', versions: [{ version: 1, stage: 'PRODUCTION', aliases: ['champion'] }] },
      { name: 'iris', versions: [{ version: 1, stage: 'PRODUCTION', aliases: ['champion'] }] },
    ]);
    expect(await registerAll(shipped)).toEqual(registered);
    expect(await state()).toEqual(once);
    const { data } = await registry.ask<{ modelVersion: { signature: unknown; metadata: unknown } }>(
      engineer,
      '{ modelVersion(model: "iris", version: 1) { signature { inputs { datatype shape } } metadata } }',
    );
    expect(data?.modelVersion).toMatchObject({
      signature: { inputs: [{ datatype: 'FP32', shape: [-1, 4] }] },
      metadata: { inputColumns: ['sepalLength', 'sepalWidth', 'petalLength', 'petalWidth'] },
    });
  });

  it('leaves alone what its owner has changed', async () => {
    await registerAll(shipped);
    const versions = registry.app.get(ModelVersionService);
    const target = { model: 'iris', version: 1 };
    await versions.transition(contextOf(engineer), { ...target, stage: 'ARCHIVED', archiveExisting: true });
    await versions.deleteAlias(contextOf(engineer), { model: 'iris', alias: 'champion' });
    const changed = await state();
    await registerAll(shipped);
    expect(await state()).toEqual(changed);
  });

  it('goes on where it was interrupted', async () => {
    await describeModel('interrupted', {
      name: 'interrupted',
      tags: ['example'],
      versions: [{ version: 1, artifact: '1/model.onnx', stage: 'PRODUCTION', aliases: ['champion'] }],
    });
    const transition = vi.spyOn(ModelVersionService.prototype, 'transition').mockRejectedValueOnce(new Error('killed'));
    await expect(registerAll(folder)).rejects.toThrow('killed');
    transition.mockRestore();
    await registerAll(folder);
    expect(await state()).toEqual([
      {
        name: 'interrupted',
        tags: [{ key: 'example', value: 'true' }],
        versions: [{ version: 1, stage: 'PRODUCTION', aliases: ['champion'] }],
      },
    ]);
    await rm(join(folder, 'interrupted'), { recursive: true });
  });

  it.each([
    ['is not JSON', '{'],
    ['does not describe a model', '{"name": "a b", "versions": 1}'],
  ])('says which description %s', async (problem, text) => {
    await describeModel('broken', {});
    await writeFile(join(folder, 'broken', 'model.json'), text);
    await expect(registerAll(folder)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(`${join(folder, 'broken', 'model.json')} ${problem}`) as string,
    });
  });
});
