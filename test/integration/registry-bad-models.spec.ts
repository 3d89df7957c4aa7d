import { randomUUID } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArtifactStore } from '../../src/common/storage/artifact-store.js';
import type { Digest } from '../../src/common/storage/digest.js';
import { garbageFiles } from '../support/onnx/garbage.js';
import {
  endlessLoopModel,
  externalDataModel,
  hugeInitializerClaimModel,
  localFunctionModel,
  nestedSubgraphsModel,
  unknownDomainModel,
} from '../support/onnx/hostile-models.js';
import { identityModel } from '../support/onnx/models.js';
import { startTestRegistry, type TestActor, type TestRegistry } from '../support/registry.js';

const MODEL_MAX_BYTES = 1_000_000;

let registry: TestRegistry;
const engineer: TestActor = { workspaceId: randomUUID(), role: 'ENGINEER' };

beforeAll(async () => {
  registry = await startTestRegistry({
    NESTOR_MODEL_MAX_BYTES: String(MODEL_MAX_BYTES),
    NESTOR_EXECUTOR_RUN_TIMEOUT_MS: '5000',
  });
  await registry.ask(engineer, 'mutation { createRegisteredModel(input: { name: "victim" }) { id } }');
});

afterAll(async () => {
  await registry.close();
});

async function upload(bytes: Uint8Array): Promise<Digest> {
  const response = await registry.upload(engineer, bytes);
  return ((await response.json()) as { digest: Digest }).digest;
}

const register = (artifact: string) =>
  registry.ask<{ createModelVersion: { version: number } }>(
    engineer,
    'mutation ($artifact: String!) { createModelVersion(input: { model: "victim", artifact: $artifact }) { version } }',
    { artifact },
  );

const badFiles: readonly [string, string, () => Uint8Array][] = [
  ...Object.entries(garbageFiles()).map(
    ([name, bytes]) => [name, 'MODEL_NOT_ONNX', () => bytes] as [string, string, () => Uint8Array],
  ),
  ['a file over the limit', 'MODEL_TOO_LARGE', () => Buffer.alloc(MODEL_MAX_BYTES + 1)],
  ['external data', 'MODEL_EXTERNAL_DATA', () => externalDataModel('/etc/passwd')],
  ['external data in a subgraph', 'MODEL_EXTERNAL_DATA', () => externalDataModel('../secret', 'subgraph')],
  ['a foreign domain', 'MODEL_UNKNOWN_DOMAIN', () => unknownDomainModel()],
  ['a foreign domain in a function', 'MODEL_UNKNOWN_DOMAIN', () => unknownDomainModel('function')],
  ['an initializer that claims a terabyte', 'MODEL_LIMIT_EXCEEDED', () => hugeInitializerClaimModel()],
  ['a thousand nested graphs', 'MODEL_LIMIT_EXCEEDED', () => nestedSubgraphsModel()],
  ['a loop without end', 'MODEL_LOAD_FAILED', () => endlessLoopModel()],
];

describe('createModelVersion', () => {
  it.each(badFiles)('refuses %s with %s, without a trace of the inside', async (_, code, bytes) => {
    const { data, errors } = await register(await upload(bytes()));
    expect(data).toBeNull();
    expect(errors[0]?.extensions.code).toBe(code);
    expect(errors[0]?.message).not.toContain(registry.home);
    expect(errors[0]?.message).not.toMatch(/\/tmp|node_modules|\bat .*\.js/);
    expect(await readdir(join(registry.home, 'artifacts', 'tmp'))).toEqual([]);
  });

  it('refuses a stored file in which one bit was flipped, and takes it once it is repaired', async () => {
    const bytes = identityModel('FP32', 7);
    const digest = await upload(bytes);
    const path = registry.app.get(ArtifactStore).localPath(digest) ?? '';
    const damaged = Buffer.from(bytes);
    damaged[20] = (damaged[20] ?? 0) ^ 1;
    await writeFile(path, damaged);
    expect((await register(digest)).errors[0]?.extensions.code).toBe('ARTIFACT_CORRUPT');
    await upload(bytes);
    expect((await register(digest)).errors).toEqual([]);
  });

  it('has given numbers only to what it took', async () => {
    const { data } = await register(await upload(localFunctionModel()));
    expect(data?.createModelVersion.version).toBe(2);
  });
});
