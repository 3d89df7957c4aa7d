import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import { type Digest, hexOfDigest } from '../../src/common/storage/digest.js';
import { FolderArtifactStore } from '../../src/common/storage/folder-artifact-store.js';
import { ExecutorHostRepository } from '../../src/modules/inference/directory/executor-host.repository.js';
import { SharedExecutorDirectory } from '../../src/modules/inference/directory/shared-executor-directory.js';
import { SharedExecutorView } from '../../src/modules/inference/directory/shared-executor-view.js';
import { CachedModelFiles } from '../../src/modules/inference/hosting/cached-model-files.js';
import type { FilePlans } from '../../src/modules/inference/model-control/file-plans.service.js';
import type { ExecutorHostState, ExecutorState } from '../../src/modules/inference/protocol/executor-state.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { LocalNotifications } from '../support/registry.js';
import { testSettings } from '../support/settings.js';

const logger = pino({ level: 'silent' });

const executor = (changes: Partial<ExecutorState> = {}): ExecutorState => ({
  id: 'h1-0.1',
  hostId: 'h1',
  address: 'unix:/nowhere',
  device: 'cpu',
  effectiveDevice: 'cpu',
  deviceError: null,
  state: 'READY',
  pid: 1,
  models: [],
  loading: [],
  failures: [],
  inFlight: 0,
  loads: 0,
  restarts: 0,
  rssBytes: 1,
  startedAt: 0,
  heartbeatAt: 0,
  ...changes,
});
const host = (...executors: ExecutorState[]): ExecutorHostState => ({
  hostId: 'h1',
  pool: 'default',
  room: 1,
  machine: { cores: 1, memoryBytes: 1 },
  executors,
  quarantined: [],
  endings: [],
});

describe('the directory of executors', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({ ...dataSourceOptions(database.url, 2), entities: [] }).initialize();
  });
  afterAll(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.drop();
  });

  it('tells of executors that came, changed and went; announces what matters and forgets the silent', async () => {
    const notifications = new LocalNotifications();
    const repository = new ExecutorHostRepository(dataSource);
    const directory = new SharedExecutorDirectory(repository, notifications, logger);
    const view = new SharedExecutorView(repository, notifications, logger);
    let changes = 0;
    await view.onModuleInit();
    const stop = view.onChange(() => {
      changes += 1;
    });
    expect(view.hosts()).toEqual([]);

    await directory.publish(host(executor({ state: 'STARTING' })));
    await view.refresh();
    await directory.publish(host(executor()));
    await view.refresh();
    expect(view.hosts()).toEqual([host(executor())]);
    expect([changes, notifications.published]).toEqual([2, ['h1', 'h1']]);

    await directory.publish(host(executor({ inFlight: 3, heartbeatAt: 5 })));
    expect(notifications.published).toHaveLength(2);
    await view.refresh();
    expect(view.hosts()[0]?.executors[0]?.inFlight).toBe(3);

    await dataSource.query(`UPDATE executor_hosts SET heartbeat_at = now() - interval '6 s'`);
    notifications.gap();
    await view.refresh();
    expect(view.hosts()).toEqual([]);

    await directory.publish(host(executor()));
    await directory.publish(host());
    await view.refresh();
    expect(view.hosts()).toEqual([]);
    stop();

    await directory.publish(host(executor()));
    await view.refresh();
    await dataSource.destroy();
    await view.refresh();
    await directory.publish(host(executor({ state: 'DRAINING' })));
    expect(view.hosts()).toEqual([host(executor())]);
    view.onApplicationShutdown();
  });
});

const bytesOf = (text: string) => Readable.from([Buffer.from(text.repeat(1_000))]);

const noPlans = { of: () => Promise.resolve(undefined) } as unknown as FilePlans;

/** Model files with a store and a home of their own. */
async function open(maxBytes: number) {
  const settings = testSettings({ NESTOR_MODEL_CACHE_MAX_BYTES: String(maxBytes) });
  const store = await FolderArtifactStore.open(join(settings.NESTOR_HOME, 'artifacts'));
  const files = new CachedModelFiles(settings, store, noPlans, logger);
  const add = async (text: string): Promise<Digest> =>
    (await store.write(bytesOf(text), { maxBytes: 1_000_000 })).digest;
  return { files, add, folder: join(settings.NESTOR_HOME, 'cache', 'models') };
}

describe('cached model files', () => {
  it('fetches a file once, however many ask, and again when its bytes have changed', async () => {
    const { files, add, folder } = await open(1_000_000);
    const digest = hexOfDigest(await add('a'));
    const paths = await Promise.all([files.pathOf(digest), files.pathOf(digest)]);
    expect(new Set(paths)).toEqual(new Set([join(folder, digest)]));
    const before = await stat(join(folder, digest));
    await files.pathOf(digest);
    expect((await stat(join(folder, digest))).ino).toBe(before.ino);
    const other = await open(1_000_000);
    const copy = hexOfDigest(await other.add('a'));
    await mkdir(other.folder, { recursive: true });
    await writeFile(join(other.folder, copy), 'not these bytes');
    await other.files.pathOf(copy);
    expect((await stat(join(other.folder, copy))).size).toBe(1_000);
  });

  it('removes the least recently used when there is no more room', async () => {
    const { files, add, folder } = await open(2_500);
    const digests: string[] = [];
    for (const text of ['a', 'b']) {
      const digest = hexOfDigest(await add(text));
      digests.push(digest);
      await files.pathOf(digest);
      const longAgo = new Date(Date.now() - (3 - digests.length) * 3_600_000);
      await utimes(join(folder, digest), longAgo, longAgo);
    }
    const newest = hexOfDigest(await add('c'));
    await files.pathOf(newest);
    expect(new Set(await readdir(folder))).toEqual(new Set([digests[1], newest]));
  });

  it('says so where the file cannot be had', async () => {
    const { files } = await open(1_000);
    await expect(files.pathOf('0'.repeat(64))).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  });
});
