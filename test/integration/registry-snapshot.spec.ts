import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import { channels, Notifications } from '../../src/common/notifications/notifications.js';
import { ArtifactService } from '../../src/modules/registry/artifact.service.js';
import { ArtifactEntity } from '../../src/modules/registry/entities/artifact.entity.js';
import { ModelAliasEntity } from '../../src/modules/registry/entities/model-alias.entity.js';
import { FeatureBindingEntity } from '../../src/modules/registry/entities/feature-binding.entity.js';
import { ModelServingEntity } from '../../src/modules/registry/entities/model-serving.entity.js';
import { ModelVersionEntity } from '../../src/modules/registry/entities/model-version.entity.js';
import { RegisteredModelEntity } from '../../src/modules/registry/entities/registered-model.entity.js';
import { ModelVersionService } from '../../src/modules/registry/model-version.service.js';
import { RegisteredModelService } from '../../src/modules/registry/registered-model.service.js';
import { CatalogRepository } from '../../src/modules/registry/snapshot/catalog.repository.js';
import { RegistrySnapshot } from '../../src/modules/registry/snapshot/registry-snapshot.js';
import type { ServableVersion } from '../../src/modules/registry/snapshot/servable-version.js';
import { Readable } from 'node:stream';
import { identityModel } from '../support/onnx/models.js';
import {
  contextOf,
  LocalNotifications,
  startTestRegistry,
  type TestActor,
  type TestRegistry,
} from '../support/registry.js';

let registry: TestRegistry;
let own: RegistrySnapshot;
let notifications: LocalNotifications;
/** As another process has it: connections and snapshot of its own, and only notifications in common. */
let otherSource: DataSource;
let other: RegistrySnapshot;
let engineer: TestActor;
let artifact: string;

beforeAll(async () => {
  registry = await startTestRegistry();
  own = registry.app.get(RegistrySnapshot);
  notifications = registry.app.get(Notifications);
});

afterAll(async () => {
  await registry.close();
});

beforeEach(async () => {
  otherSource = new DataSource({
    ...dataSourceOptions(registry.databaseUrl, 2),
    entities: [
      ArtifactEntity,
      RegisteredModelEntity,
      ModelVersionEntity,
      ModelAliasEntity,
      ModelServingEntity,
      FeatureBindingEntity,
    ],
  });
  await otherSource.initialize();
  other = new RegistrySnapshot(new CatalogRepository(otherSource), notifications, pino({ level: 'silent' }));
  other.onModuleInit();
  engineer = { workspaceId: randomUUID(), role: 'ENGINEER' };
  const bytes = identityModel('FP32');
  const stored = await registry.app.get(ArtifactService).upload(contextOf(engineer), Readable.from([bytes]));
  artifact = stored.digest;
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  other.onApplicationShutdown();
  if (otherSource.isInitialized) await otherSource.destroy();
});

const models = () => registry.app.get(RegisteredModelService);
const versions = () => registry.app.get(ModelVersionService);
const createModel = (name: string) => models().create(contextOf(engineer), { name });
const createVersion = (model: string) => versions().create(contextOf(engineer), { model, artifact });
const promote = (model: string, version: number) =>
  versions().transition(contextOf(engineer), { model, version, stage: 'PRODUCTION', archiveExisting: true });

/** What a snapshot answers at once; a promise counts as not knowing. */
function atOnce(snapshot: RegistrySnapshot, model: string, more: { version?: number; alias?: string } = {}) {
  const found = snapshot.resolve(engineer.workspaceId, { model, ...more });
  return found instanceof Promise ? found : found.version;
}

const resolved = async (snapshot: RegistrySnapshot, model: string, more: { alias?: string } = {}) =>
  (await snapshot.resolve(engineer.workspaceId, { model, ...more })).version;

const loads = () => vi.spyOn(CatalogRepository.prototype, 'load');

const askOther = (workspaceId: string) =>
  Promise.resolve()
    .then(() => other.resolve(workspaceId, { model: 'iris' }))
    .catch(() => undefined);

describe('RegistrySnapshot', () => {
  it('answers with all that serving needs, without the database once it is warm', async () => {
    await createModel('iris');
    const created = await createVersion('iris');
    const found: ServableVersion = await own.resolve(engineer.workspaceId, { model: 'iris' });
    expect(found).toMatchObject({
      modelId: created.modelId,
      model: 'iris',
      version: 1,
      versionId: created.id,
      digest: artifact,
      sizeBytes: identityModel('FP32').length,
      signature: { inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 4] }] },
      batchable: true,
      metadata: {},
      serving: null,
    });
    const load = loads();
    expect(own.resolve(engineer.workspaceId, { model: 'iris', version: 1 })).toMatchObject({ version: 1 });
    expect(load).not.toHaveBeenCalled();
  });

  it('shows each change to the process that made it as soon as the mutation has answered', async () => {
    await createModel('iris');
    await expect(resolved(own, 'iris')).rejects.toMatchObject({ code: 'MODEL_NOT_READY' });
    await createVersion('iris');
    expect(atOnce(own, 'iris')).toBe(1);
    await createVersion('iris');
    expect(atOnce(own, 'iris')).toBe(2);
    await promote('iris', 1);
    expect(atOnce(own, 'iris')).toBe(1);
    await versions().setAlias(contextOf(engineer), { model: 'iris', alias: 'next', version: 2 });
    expect(atOnce(own, 'iris', { alias: 'next' })).toBe(2);
    await versions().deleteAlias(contextOf(engineer), { model: 'iris', alias: 'next' });
    expect(() => atOnce(own, 'iris', { alias: 'next' })).toThrow('has no alias "next"');
  });

  it('never shows a caller less than what it has just written, however many write at once', async () => {
    await createModel('iris');
    await createVersion('iris');
    await resolved(own, 'iris');
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { version } = await createVersion('iris');
        expect(atOnce(own, 'iris', { version })).toBe(version);
        expect(atOnce(own, 'iris')).toBeGreaterThanOrEqual(version);
      }),
    );
  });

  it('hears of changes in other processes, several of them at the price of one load', async () => {
    await createModel('iris');
    await createVersion('iris');
    expect(await resolved(other, 'iris')).toBe(1);
    const load = vi.spyOn(Reflect.get(other, 'repository') as CatalogRepository, 'load');
    await Promise.all([createVersion('iris'), createVersion('iris'), createVersion('iris')]);
    await vi.waitFor(() => expect(atOnce(other, 'iris')).toBe(4));
    expect(load.mock.calls.length).toBeLessThanOrEqual(3);
  });

  it('looks again for a name that was made elsewhere just now, but not more than once a second', async () => {
    await createModel('iris');
    await createVersion('iris');
    await resolved(other, 'iris');
    vi.spyOn(notifications, 'publish').mockResolvedValue();
    await createModel('late');
    await createVersion('late');
    expect(() => atOnce(other, 'late')).toThrow('There is no model "late"');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2_000 });
    expect(await resolved(other, 'late')).toBe(1);
    expect(() => atOnce(other, 'never')).toThrow('There is no model "never"');
  });

  it('is refreshed after a gap in the notifications', async () => {
    await createModel('iris');
    await createVersion('iris');
    await resolved(other, 'iris');
    vi.spyOn(notifications, 'publish').mockResolvedValue();
    await createVersion('iris');
    expect(atOnce(other, 'iris')).toBe(1);
    notifications.gap();
    await vi.waitFor(() => expect(atOnce(other, 'iris')).toBe(2));
  });

  it('is refreshed when it is older than a minute, without making anyone wait', async () => {
    await createModel('iris');
    await createVersion('iris');
    await resolved(other, 'iris');
    vi.spyOn(notifications, 'publish').mockResolvedValue();
    await createVersion('iris');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    expect(atOnce(other, 'iris')).toBe(1);
    vi.useRealTimers();
    await vi.waitFor(() => expect(atOnce(other, 'iris')).toBe(2));
  });

  it('keeps answering while the database is out of reach, and recovers', async () => {
    await createModel('iris');
    await createVersion('iris');
    await resolved(other, 'iris');
    await otherSource.destroy();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 120_000 });
    expect(atOnce(other, 'iris')).toBe(1);
    await expect(Promise.resolve(atOnce(other, 'absent'))).rejects.toThrow('There is no model "absent"');
    await other.changed(engineer.workspaceId);
    expect(atOnce(other, 'iris')).toBe(1);
    await expect(Promise.resolve(other.resolve(randomUUID(), { model: 'iris' }))).rejects.not.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    await otherSource.initialize();
    await createVersion('iris');
    await vi.waitFor(() => expect(atOnce(other, 'iris')).toBe(2));
  });

  it('survives notifications that cannot be sent', async () => {
    vi.spyOn(notifications, 'publish').mockRejectedValue(new Error('unreachable'));
    await createModel('iris');
    await createVersion('iris');
    expect(await resolved(own, 'iris')).toBe(1);
  });

  it('pays no heed to workspaces that nobody asked for', async () => {
    const load = loads();
    await notifications.publish(channels.registryChanged, randomUUID());
    await createModel('iris');
    expect(load).not.toHaveBeenCalled();
  });

  it('holds a bounded number of workspaces', async () => {
    const load = loads().mockResolvedValue(new Map());
    const workspaces = Array.from({ length: 1_001 }, () => randomUUID());
    for (const workspaceId of workspaces) await askOther(workspaceId);
    expect(load).toHaveBeenCalledTimes(1_001);
    await askOther(workspaces.at(-1) ?? '');
    expect(load).toHaveBeenCalledTimes(1_001);
    await askOther(workspaces[0] ?? '');
    expect(load).toHaveBeenCalledTimes(1_002);
  });

  it('never shows an alias without its version, while both are made over and over', async () => {
    await createModel('iris');
    await createVersion('iris');
    const catalogs = new CatalogRepository(otherSource);
    const state = { done: false };
    const writing = (async () => {
      for (let round = 0; round < 15; round += 1) {
        const { version } = await createVersion('iris');
        await versions().setAlias(contextOf(engineer), { model: 'iris', alias: 'newest', version });
      }
      state.done = true;
    })();
    let seen = 0;
    while (!state.done) {
      const model = (await catalogs.load(engineer.workspaceId)).get('iris');
      const newest = model?.aliases.get('newest')?.version ?? 0;
      expect(newest).toBeGreaterThanOrEqual(seen);
      expect(model?.versions.size).toBeLessThanOrEqual(newest === 0 ? 2 : newest + 1);
      seen = newest;
    }
    await writing;
  });
});
