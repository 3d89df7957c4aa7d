import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityModel } from '../../../test/support/onnx/models.js';
import { testSettings } from '../../../test/support/settings.js';
import { CodedError } from '../../common/errors/coded-error.js';
import type { StoredArtifact } from '../../common/storage/artifact-store.js';
import { FolderArtifactStore } from '../../common/storage/folder-artifact-store.js';
import { type ModelInspection, ModelInspector } from './model-inspector.js';
import { ModelIntake } from './model-intake.service.js';

/** Answers what the test tells it, in place of an executor process. */
class ToldInspector extends ModelInspector {
  calls = 0;
  running = 0;
  /** Most calls that ran at the same time. */
  most = 0;
  inputName = 'input';
  error: Error | undefined;

  override async inspect(): Promise<ModelInspection> {
    this.calls += 1;
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await new Promise((resolve) => setImmediate(resolve));
    this.running -= 1;
    if (this.error !== undefined) throw this.error;
    const spec = { datatype: 'FP32', shape: [-1, 4] } as const;
    return {
      inputs: [{ ...spec, name: this.inputName }],
      outputs: [{ ...spec, name: 'output' }],
      batchable: true,
    };
  }
}

let home: string;
let store: FolderArtifactStore;
let inspector: ToldInspector;
let intake: ModelIntake;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'nestor-intake-'));
  store = await FolderArtifactStore.open(home);
  inspector = new ToldInspector();
  intake = new ModelIntake(store, inspector, testSettings({ NESTOR_HOME: home }));
});

afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const stored = (columns: number): Promise<StoredArtifact> =>
  store.write(Readable.from([identityModel('FP32', columns)]), { maxBytes: 1_000_000 });

describe('ModelIntake', () => {
  it('examines the same bytes once, also for those who ask at the same time', async () => {
    const artifact = await stored(4);
    const findings = await Promise.all([1, 2, 3].map(() => intake.examine(artifact)));
    expect(inspector.calls).toBe(1);
    expect(new Set(findings).size).toBe(1);
    expect(findings[0]).toMatchObject({ batchable: true, onnx: { nodeCount: 1 } });
  });

  it('does not remember a failure, which may be of the moment', async () => {
    const artifact = await stored(4);
    inspector.error = new CodedError('EXECUTORS_UNAVAILABLE', 'busy');
    await expect(intake.examine(artifact)).rejects.toMatchObject({ code: 'EXECUTORS_UNAVAILABLE' });
    inspector.error = undefined;
    await expect(intake.examine(artifact)).resolves.toMatchObject({ batchable: true });
  });

  it('refuses names that PostgreSQL cannot store', async () => {
    inspector.inputName = 'in\0put';
    await expect(intake.examine(await stored(4))).rejects.toMatchObject({ code: 'MODEL_UNSUPPORTED' });
  });

  it('remembers a bounded number of findings', async () => {
    const first = await stored(1);
    await intake.examine(first);
    for (let columns = 2; columns <= 201; columns += 1) await intake.examine(await stored(columns));
    expect(inspector.calls).toBe(201);
    await intake.examine(first);
    expect(inspector.calls).toBe(202);
  });

  it('examines few files at a time and lets a bounded number wait', async () => {
    const artifacts: StoredArtifact[] = [];
    for (let columns = 1; columns <= 60; columns += 1) artifacts.push(await stored(columns));
    const results = await Promise.allSettled(artifacts.map((artifact) => intake.examine(artifact)));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(8);
    expect(refused[0]?.reason).toMatchObject({ code: 'OVERLOADED', retryAfterMs: 5_000 });
    expect(inspector.most).toBeLessThanOrEqual(2);
  });

  it('does not fetch what is too large to be a model', async () => {
    const digest = `sha256:${createHash('sha256').digest('hex')}` as const;
    await expect(intake.examine({ digest, sizeBytes: 2 ** 31 })).rejects.toMatchObject({ code: 'MODEL_TOO_LARGE' });
  });
});
