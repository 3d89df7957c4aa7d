import { randomUUID } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArtifactStore } from '../../src/common/storage/artifact-store.js';
import type { Digest } from '../../src/common/storage/digest.js';
import { localFunctionModel } from '../support/onnx/hostile-models.js';
import { namedModel } from '../support/onnx/malformed-graphs.js';
import { identityModel } from '../support/onnx/models.js';
import { startTestRegistry, type TestActor, type TestRegistry } from '../support/registry.js';
import { hostileFiles, MODEL_MAX_BYTES, truncatedModels } from './corpus/hostile-files.js';
import { INSIDE } from './inside.js';

let registry: TestRegistry;
const engineer: TestActor = { workspaceId: randomUUID(), role: 'ENGINEER' };

beforeAll(async () => {
  registry = await startTestRegistry({
    NESTOR_MODEL_MAX_BYTES: String(MODEL_MAX_BYTES),
    NESTOR_EXECUTOR_RUN_TIMEOUT_MS: '4000',
    NESTOR_EXECUTOR_MEMORY_BYTES: String(1024 ** 3),
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

/** The code by which a file is refused; undefined where it became a version. */
async function refusalOf(bytes: Uint8Array): Promise<string | undefined> {
  const { data, errors } = await register(await upload(bytes));
  for (const { message } of errors) expect(message).not.toMatch(INSIDE);
  if (errors.length > 0) expect(data).toBeNull();
  return errors[0]?.extensions.code;
}

const leftovers = () => readdir(join(registry.home, 'artifacts', 'tmp'));

async function versions(): Promise<number> {
  const [row]: readonly { count: string }[] = await registry.dataSource.query('SELECT count(*) FROM model_versions');
  return Number(row?.count);
}

describe('a hostile file', () => {
  it.each(hostileFiles.map(({ what, code, bytes }) => [what, code, bytes] as const))(
    'is refused and leaves nothing behind: %s, %s',
    async (_what, code, bytes) => {
      const before = await versions();
      expect(await refusalOf(bytes())).toBe(code);
      expect(await leftovers()).toEqual([]);
      expect(await versions()).toBe(before);
    },
  );

  it('is refused with a code wherever it is cut off', async () => {
    const codes = await Promise.all(truncatedModels().map(refusalOf));
    expect(codes.length).toBeGreaterThan(20);
    expect(new Set(codes)).toEqual(new Set(['MODEL_NOT_ONNX']));
    expect(await leftovers()).toEqual([]);
  });

  it('is refused when a bit of it was flipped in the store, and taken once it is repaired', async () => {
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

  it('is no file that is merely odd', async () => {
    expect(await refusalOf(localFunctionModel())).toBeUndefined();
    expect(await refusalOf(namedModel('constructor', 'toString'))).toBeUndefined();
  });
});
