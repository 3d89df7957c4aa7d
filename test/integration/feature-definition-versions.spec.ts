import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import { lockDefinitions } from '../../src/modules/feature-store/definitions/definitions-lock.js';
import { FeatureServiceEntity } from '../../src/modules/feature-store/definitions/entities/feature-service.entity.js';
import { FeatureServiceVersionEntity } from '../../src/modules/feature-store/definitions/entities/feature-service-version.entity.js';
import { FeatureViewEntity } from '../../src/modules/feature-store/definitions/entities/feature-view.entity.js';
import { FeatureViewVersionEntity } from '../../src/modules/feature-store/definitions/entities/feature-view-version.entity.js';
import { FeatureServiceRepository } from '../../src/modules/feature-store/definitions/feature-service.repository.js';
import type { FeatureViewDefinition } from '../../src/modules/feature-store/definitions/feature-view.js';
import { FeatureViewRepository } from '../../src/modules/feature-store/definitions/feature-view.repository.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const definition: FeatureViewDefinition = {
  description: '',
  source: { kind: 'DATA_SOURCE', sourceId: randomUUID(), name: 'clicks' },
  entities: ['user'],
  keys: [{ name: 'user', type: 'STRING' }],
  columns: [
    { name: 'user', type: 'STRING' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'amount', type: 'FLOAT64' },
  ],
  eventTime: 'at',
  createdTime: null,
  ttlMs: 1_000,
  features: [{ name: 'amount', type: 'FLOAT64', description: '' }],
  transformation: null,
  isOnline: true,
};

let database: TestDatabase;
let dataSource: DataSource;
let views: FeatureViewRepository;
let services: FeatureServiceRepository;
beforeAll(async () => {
  database = await createTestDatabase();
  const entities = [FeatureViewEntity, FeatureViewVersionEntity, FeatureServiceEntity, FeatureServiceVersionEntity];
  dataSource = await new DataSource({ ...dataSourceOptions(database.url, 4), entities }).initialize();
  views = new FeatureViewRepository(dataSource.getRepository(FeatureViewVersionEntity));
  services = new FeatureServiceRepository(dataSource.getRepository(FeatureServiceVersionEntity));
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const addView = (workspaceId: string, name: string, given = definition) =>
  dataSource.transaction(async (manager) => {
    await lockDefinitions(manager, workspaceId);
    return views.add(manager, { workspaceId, name, definition: given, createdBy: 'tester' });
  });

describe('versions of feature views', () => {
  it('are counted from 1, and an older one stays as it was', async () => {
    const workspace = randomUUID();
    const first = await addView(workspace, 'spending');
    const second = await addView(workspace, 'spending', { ...definition, ttlMs: null });
    expect([first.version, second.version]).toEqual([1, 2]);
    expect(await views.find(workspace, 'spending')).toEqual(second);
    expect(await views.find(workspace, 'spending', 1)).toEqual(first);
    expect(await views.find(workspace, 'spending', 3)).toBeNull();
    expect(first).toMatchObject({ ...definition, name: 'spending', state: null, learnedFrom: null });
    expect(await views.findVersions(workspace, [first.id, second.id, randomUUID()])).toEqual(
      new Map([first, second].map((version) => [version.id, version])),
    );
    expect(await views.findVersions(workspace, [])).toEqual(new Map());
  });

  it('are those of one workspace', async () => {
    const [own, other] = [randomUUID(), randomUUID()];
    const { id } = await addView(own, 'private');
    expect(await views.find(other, 'private')).toBeNull();
    expect(await views.findVersion(other, id)).toBeNull();
    expect((await addView(other, 'private')).version).toBe(1);
  });

  it('are counted without gaps and duplicates by those who add at the same time', async () => {
    const workspace = randomUUID();
    const added = await Promise.all(Array.from({ length: 8 }, () => addView(workspace, 'busy')));
    expect(new Set(added.map(({ version }) => version))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
  });

  it('of a view that was deleted are found by their ids alone, and its name counts anew', async () => {
    const workspace = randomUUID();
    const { id, viewId } = await addView(workspace, 'gone');
    await dataSource.getRepository(FeatureViewEntity).update({ id: viewId }, { deletedAt: new Date() });
    expect(await views.find(workspace, 'gone')).toBeNull();
    expect(await views.find(workspace, 'gone', 1)).toBeNull();
    expect(await views.findVersion(workspace, id)).toMatchObject({ id, name: 'gone', version: 1 });
    expect(await addView(workspace, 'gone')).toMatchObject({ version: 1 });
  });

  it('keep what they learned first, whoever learns at the same time', async () => {
    const workspace = randomUUID();
    const { id, name } = await addView(workspace, 'learning');
    const sourceId = randomUUID();
    const learned = Array.from({ length: 5 }, (_, at) => ({
      state: { version: 1, steps: [at, 'a text with \0'] } as const,
      from: { sourceId, version: at + 1 },
    }));
    const kept = await Promise.all(learned.map(({ state, from }) => views.keepState(id, state, from)));
    const winner = learned[kept.indexOf(true)];
    expect(kept.filter(Boolean)).toHaveLength(1);
    const now = await views.find(workspace, name);
    expect(now).toMatchObject({ state: winner?.state, learnedFrom: winner?.from });
    expect(await views.keepState(id, { version: 1, steps: [] }, { sourceId, version: 9 })).toBe(false);
    expect(await views.findVersion(workspace, id)).toEqual(now);
    expect(await views.keepState(randomUUID(), { version: 1, steps: [] }, { sourceId, version: 1 })).toBe(false);
  });

  it('learn within a transaction, or not at all', async () => {
    const workspace = randomUUID();
    const { id } = await addView(workspace, 'undone');
    const undone = dataSource.transaction(async (manager) => {
      const from = { sourceId: randomUUID(), version: 1 };
      expect(await views.keepState(id, { version: 1, steps: [] }, from, manager)).toBe(true);
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    expect(await views.findVersion(workspace, id)).toMatchObject({ state: null, learnedFrom: null });
  });
});

describe('versions of feature services', () => {
  it('pin versions of views, and an older one stays as it was', async () => {
    const workspace = randomUUID();
    const view = await addView(workspace, 'spending');
    const feature = { viewVersionId: view.id, view: 'spending', viewVersion: 1, feature: 'amount' };
    const add = (as: string) =>
      services.add(dataSource.manager, {
        workspaceId: workspace,
        name: 'fraud',
        description: '',
        features: [{ ...feature, as }],
        createdBy: 'tester',
      });
    const [first, second] = [await add('amount'), await add('spent')];
    expect(await services.find(workspace, 'fraud')).toEqual(second);
    expect(await services.find(workspace, 'fraud', 1)).toEqual(first);
    expect(await services.find(workspace, 'fraud', 3)).toBeNull();
    expect(await services.find(randomUUID(), 'fraud')).toBeNull();
    expect(await services.findVersion(workspace, first.id)).toEqual(first);
    expect(await services.findVersion(randomUUID(), first.id)).toBeNull();
    expect(second).toMatchObject({ version: 2, viewVersionIds: [view.id], features: [{ ...feature, as: 'spent' }] });
  });
});
