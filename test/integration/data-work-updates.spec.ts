import { randomUUID } from 'node:crypto';
import type { Type } from '@nestjs/common';
import { pino } from 'pino';
import { register } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootstrap } from '../../src/bootstrap.js';
import { inTransaction } from '../../src/common/database/transaction.js';
import type { LeasedRowEntity } from '../../src/common/queue/leased-row.entity.js';
import type { LeasedRows } from '../../src/common/queue/leased-rows.js';
import { CollectionLeases } from '../../src/modules/feature-store/ingestion/collection-leases.js';
import { CollectionUpdates } from '../../src/modules/feature-store/ingestion/collection-updates.js';
import { DataCollectionRepository } from '../../src/modules/feature-store/ingestion/data-collection.repository.js';
import { MaterializationLeases } from '../../src/modules/feature-store/materialization/materialization-leases.js';
import { MaterializationUpdates } from '../../src/modules/feature-store/materialization/materialization-updates.js';
import { MaterializationRepository } from '../../src/modules/feature-store/materialization/materialization.repository.js';
import { HistoricalFeaturesJobRepository } from '../../src/modules/feature-store/offline/jobs/historical-features-job.repository.js';
import { HistoricalFeaturesLeases } from '../../src/modules/feature-store/offline/jobs/historical-features-leases.js';
import { HistoricalFeaturesUpdates } from '../../src/modules/feature-store/offline/jobs/historical-features-updates.js';
import { startTestApi, type TestApi } from '../support/api.js';
import { ask, type Headers } from '../support/graphql.js';
import { hasRedisServer, startRedisServer, type TestRedis } from '../support/redis.js';
import { connect, listen } from '../support/subscriptions.js';

const LEASE_MS = 60_000;

const requested = (workspaceId: string) => ({
  workspaceId,
  maxAttempts: 2,
  requestId: 'test',
  requestedBy: { kind: 'SYSTEM', id: 'test', name: 'test' } as const,
});

/** A kind of work on data that somebody may watch. */
interface Kind {
  readonly field: string;
  readonly shown: string;
  readonly leases: Type<LeasedRows<LeasedRowEntity>>;
  readonly updates: Type<{ readonly watching: number }>;
  /** What a worker records on its way, and what a subscriber sees of it. */
  readonly steps: readonly (readonly [changes: object, seen: object])[];
  /** What a worker records at the end. */
  readonly result: object;
  readonly cancel: string;
  insert(api: TestApi, manager: EntityManager, id: string, workspaceId: string): Promise<void>;
}

const kinds: readonly Kind[] = [
  {
    field: 'dataCollectionUpdated',
    shown: 'status phase rowsRead',
    leases: CollectionLeases,
    updates: CollectionUpdates,
    steps: [
      [
        { phase: 'VALIDATING', rows_read: 7 },
        { phase: 'VALIDATING', rowsRead: 7 },
      ],
      [{ phase: 'WRITING' }, { phase: 'WRITING', rowsRead: 7 }],
    ],
    result: {},
    cancel: 'mutation ($id: ID!) { cancelDataCollection(input: { id: $id }) { status } }',
    insert: (api, manager, id, workspaceId) =>
      api.app.get(DataCollectionRepository, { strict: false }).insert(manager, {
        ...requested(workspaceId),
        id,
        sourceId: randomUUID(),
        inputDigest: null,
        isPushed: false,
        replayOf: null,
        corrections: null,
      }),
  },
  {
    field: 'featureMaterializationUpdated',
    shown: 'status rowsRead rowsWritten',
    leases: MaterializationLeases,
    updates: MaterializationUpdates,
    steps: [
      [
        { rows_read: 5, rows_written: 4 },
        { rowsRead: 5, rowsWritten: 4 },
      ],
      [{ rows_read: 9 }, { rowsRead: 9, rowsWritten: 4 }],
    ],
    result: {},
    cancel: 'mutation ($id: ID!) { cancelFeatureMaterialization(input: { id: $id }) { status } }',
    insert: (api, manager, id, workspaceId) =>
      api.app.get(MaterializationRepository, { strict: false }).insert(manager, {
        ...requested(workspaceId),
        id,
        viewId: randomUUID(),
        viewVersionId: randomUUID(),
        view: 'spending',
        version: 1,
        kind: 'FULL',
        fromTime: null,
        toTime: new Date(),
      }),
  },
  {
    field: 'historicalFeaturesUpdated',
    shown: 'status phase',
    leases: HistoricalFeaturesLeases,
    updates: HistoricalFeaturesUpdates,
    steps: [
      [{ phase: 'READING_LABELS' }, { phase: 'READING_LABELS' }],
      [{ phase: 'JOINING' }, { phase: 'JOINING' }],
    ],
    result: { result: JSON.stringify({ resultDigest: 'x', sizeBytes: 1, rowCount: 1, preview: [] }) },
    cancel: 'mutation ($id: ID!) { cancelHistoricalFeatures(id: $id) { status } }',
    insert: (api, manager, id, workspaceId) =>
      api.app.get(HistoricalFeaturesJobRepository, { strict: false }).insert(manager, id, {
        ...requested(workspaceId),
        service: null,
        features: [],
        labels: { kind: 'SNAPSHOT', source: 'labels', sourceId: randomUUID(), version: 1 },
        eventTimeColumn: 'at',
        snapshots: [],
      }),
  },
];

/** No worker runs here: the test does its part, so that each step is seen. */
describe.each(['PostgreSQL', 'Redis'])('work on data, announced by %s', (backend) => {
  describe.skipIf(backend === 'Redis' && !hasRedisServer())('to subscribers', () => {
    let redis: TestRedis | undefined;
    let api: TestApi;
    let key: Headers;
    let workspaceId: string;
    beforeAll(async () => {
      register.clear();
      redis = backend === 'Redis' ? await startRedisServer() : undefined;
      api = await startTestApi(redis === undefined ? {} : { REDIS_URL: redis.url });
      const first = await bootstrap(api.settings, pino({ level: 'silent' }), { resetAdminPassword: false });
      key = { 'x-api-key': first.apiKey ?? '' };
      const rows: readonly { id: string }[] = await api.app.get(DataSource).query('SELECT id FROM workspaces');
      workspaceId = rows[0]?.id ?? '';
    });
    afterAll(async () => {
      await api.close();
      await redis?.stop();
    });

    describe.each(kinds)('$field', (kind) => {
      const query = `subscription ($id: ID!) { told: ${kind.field}(id: $id) { ${kind.shown} } }`;
      const leasesOf = () => api.app.get(kind.leases, { strict: false });
      const queued = async (workspace = workspaceId): Promise<string> => {
        const id = randomUUID();
        await kind.insert(api, api.app.get(DataSource).manager, id, workspace);
        return id;
      };
      const watch = (id: string) => {
        const client = connect(api.url, key);
        const told = client.iterate<{ told: { status: string } }>({ query, variables: { id } });
        return {
          next: async () => (await told.next()).value?.data?.told,
          /** Whether it ended by itself. */
          isDone: async () => (await told.next()).done,
          end: () => client.dispose(),
        };
      };
      const watching = () => api.app.get(kind.updates, { strict: false }).watching;

      // A look that nothing announced comes after 15 s, so that a test of several steps would run out of time.
      it('is told as it is now, after each step, and to its end', async () => {
        const [leases, id] = [leasesOf(), await queued()];
        const { next, isDone, end } = watch(id);
        expect(await next()).toMatchObject({ status: 'QUEUED' });
        const lease = await leases.claim({ id, generation: 1 }, 'worker', LEASE_MS);
        if (lease === undefined) throw new Error('It could not be taken on.');
        expect(await next()).toMatchObject({ status: 'RUNNING' });
        for (const [changes, seen] of kind.steps) {
          await leases.progress(lease, { ...changes });
          expect(await next()).toMatchObject({ status: 'RUNNING', ...seen });
        }
        await inTransaction(api.app.get(DataSource), async (transaction) => {
          expect(await leases.succeed(transaction, lease, { ...kind.result })).toBe(true);
        });
        expect(await next()).toMatchObject({ status: 'SUCCEEDED' });
        expect(await isDone()).toBe(true);
        expect(watching()).toBe(0);
        await end();
      });

      it('is told to many when a worker is lost, and when it is cancelled', async () => {
        const [leases, id] = [leasesOf(), await queued()];
        const both = [watch(id), watch(id)];
        const seen = async () =>
          new Set((await Promise.all(both.map(({ next }) => next()))).map((each) => each?.status));
        expect(await seen()).toEqual(new Set(['QUEUED']));
        await leases.claim({ id, generation: 1 }, 'worker', 0);
        expect(await seen()).toEqual(new Set(['RUNNING']));
        await leases.takeFromLostWorkers();
        expect(await seen()).toEqual(new Set(['QUEUED']));
        expect(await ask(api.url, kind.cancel, { id }, key)).toBeTruthy();
        expect(await seen()).toEqual(new Set(['CANCELLED']));
        expect(await Promise.all(both.map(({ isDone }) => isDone()))).toEqual([true, true]);
        for (const { end } of both) await end();
      });

      it('tells an end that was there before, and nothing of other workspaces or what is not there', async () => {
        const ended = await queued();
        await ask(api.url, kind.cancel, { id: ended }, key);
        expect((await listen(api.url, query, { id: ended }, key)).data).toMatchObject([
          { told: { status: 'CANCELLED' } },
        ]);
        for (const id of [await queued(randomUUID()), randomUUID(), 'nonsense']) {
          const { data, errors } = await listen(api.url, query, { id }, key);
          expect(data).toEqual([]);
          expect(errors).toMatchObject([{ message: expect.stringContaining(id), extensions: { code: 'NOT_FOUND' } }]);
        }
        const { createApiKey } = await ask<{ createApiKey: { key: string } }>(
          api.url,
          'mutation { createApiKey(input: { name: "no data", permissions: [MODEL_READ] }) { key } }',
          {},
          key,
        );
        const { errors } = await listen(api.url, query, { id: ended }, { 'x-api-key': createApiKey.key });
        expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
        expect(watching()).toBe(0);
      });
    });
  });
});
