import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BatchUpdates } from '../../../src/modules/inference/batch/batch-updates.js';
import { BatchChunkConsumer } from '../../../src/modules/inference/batch/run/chunk.consumer.js';
import { until } from '../inference.js';
import { flowers } from '../iris.js';
import { connect } from '../subscriptions.js';
import { type Batch, type BatchFixture, CANCEL, FIELDS, READ, RETRY, SUBMIT } from './fixture.js';
import { wideTable } from './models.js';

const LIST = `query ($first: Int, $after: String, $filter: BatchInferenceFilter) {
  batchInferences(first: $first, after: $after, filter: $filter) {
    edges { node { id status } } pageInfo { hasNextPage endCursor } } }`;

/** What can be asked of a batch, and what is told of it. */
export function describeBatchSteering(fixture: BatchFixture): void {
  const { work, upload, submit, read, ended, csvRows, chunksOf } = fixture;

  describe('whoever submitted it', () => {
    it('says at once what is wrong with a submission', async () => {
      const input = await upload('a\n1\n');
      const cases: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
        [{ model: 'iris', input: `sha256:${'0'.repeat(64)}` }, 'ARTIFACT_NOT_FOUND'],
        [{ model: 'iris', input: 'nonsense' }, 'INVALID_INPUT'],
        [{ model: 'nobody', input }, 'MODEL_NOT_FOUND'],
        [{ model: 'iris', input, chunkRows: 0 }, 'INVALID_INPUT'],
        [{ model: 'iris', input, version: 1, alias: 'x' }, 'INVALID_INPUT'],
        [{ model: 'iris', input: await upload(Buffer.from([1, 0, 2])) }, 'INVALID_FILE'],
      ];
      for (const [given, code] of cases) {
        const { errors } = await fixture.nestor.ask(SUBMIT, { input: given });
        expect(errors[0]?.extensions.code, JSON.stringify(given)).toBe(code);
      }
    });

    it('answers the first batch to a repeated submission, and refuses another payload', async () => {
      const idempotencyKey = randomUUID();
      const { lines } = flowers(3);
      const file = lines.join('\n');
      const batches = await Promise.all(Array.from({ length: 5 }, () => submit(file, { idempotencyKey })));
      expect(new Set(batches.map(({ id }) => id)).size).toBe(1);
      const input = { model: 'iris', input: await upload(file), idempotencyKey, chunkRows: 7 };
      expect((await fixture.nestor.ask(SUBMIT, { input })).errors[0]?.extensions.code).toBe('IDEMPOTENCY_MISMATCH');
      await fixture.nestor.ask(CANCEL, { id: batches[0]?.id });
    });

    it('cancels a batch that waits, and lets it go on when asked to', async () => {
      const { lines } = flowers(3);
      const { id } = await submit(lines.join('\n'));
      expect(
        (await fixture.nestor.ask<{ cancelBatchInference: Batch }>(CANCEL, { id })).data?.cancelBatchInference.status,
      ).toBe('CANCELLED');
      expect((await fixture.nestor.ask(CANCEL, { id })).errors).toEqual([]);
      const retried = await fixture.nestor.ask<{ retryBatchInference: Batch }>(RETRY, { id });
      expect(retried.data?.retryBatchInference.status).toBe('QUEUED');
      await work();
      await ended(id, 'SUCCEEDED');
      for (const [operation, target, code] of [
        [RETRY, id, 'CONFLICT'],
        [CANCEL, id, 'CONFLICT'],
        [CANCEL, randomUUID(), 'NOT_FOUND'],
        [RETRY, randomUUID(), 'NOT_FOUND'],
        [RETRY, 'nonsense', 'NOT_FOUND'],
      ] as const) {
        expect((await fixture.nestor.ask(operation, { id: target })).errors[0]?.extensions.code).toBe(code);
      }
    });

    it('cancels a batch that runs, and goes on with what is not finished', async () => {
      const worker = await work();
      const { id } = await submit(wideTable(400), { model: 'heavy', chunkRows: 10 });
      await until(
        () => read(id),
        ({ rowsDone }) => rowsDone >= 30,
      );
      await fixture.nestor.ask(CANCEL, { id });
      await until(
        () => worker.get(BatchChunkConsumer, { strict: false }).runningIds,
        (ids) => ids.length === 0,
      );
      const before = (await chunksOf(id)).filter(({ status }) => status === 'SUCCEEDED');
      expect(before.length).toBeGreaterThanOrEqual(3);
      expect(before.length).toBeLessThan(40);
      expect((await read(id)).status).toBe('CANCELLED');
      expect(
        (await fixture.nestor.ask<{ retryBatchInference: Batch }>(RETRY, { id })).data?.retryBatchInference.status,
      ).toBe('RUNNING');
      const batch = await ended(id, 'SUCCEEDED');
      expect((await csvRows(batch)).map(({ row }) => Number(row))).toEqual(
        Array.from({ length: 400 }, (_, row) => row + 1),
      );
      const after = new Map((await chunksOf(id)).map((chunk) => [chunk.index, chunk]));
      for (const chunk of before) expect(after.get(chunk.index)).toEqual(chunk);
    }, 60_000);

    it('pages through batches, newest first, and filters them', async () => {
      const { lines } = flowers(2);
      const batches = [await submit(lines.join('\n')), await submit(lines.join('\n')), await submit(lines.join('\n'))];
      interface Page {
        batchInferences: { edges: { node: Batch }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
      }
      const seen: string[] = [];
      let after: string | undefined;
      for (let page = 0; page < 2; page += 1) {
        const variables: Record<string, unknown> = { first: 2, after, filter: { status: ['QUEUED'], model: 'iris' } };
        const { data } = await fixture.nestor.ask<Page>(LIST, variables);
        seen.push(...(data?.batchInferences.edges.map(({ node }) => node.id) ?? []));
        after = data?.batchInferences.pageInfo.endCursor;
      }
      expect(seen.slice(0, 3)).toEqual(batches.map(({ id }) => id).toReversed());
      const none = await fixture.nestor.ask<Page>(LIST, { filter: { until: new Date(0).toISOString() } });
      expect(none.data?.batchInferences.edges).toEqual([]);
      const since = await fixture.nestor.ask<Page>(LIST, { first: 1, filter: { since: new Date(0).toISOString() } });
      expect(since.data?.batchInferences.edges).toHaveLength(1);
      expect((await fixture.nestor.ask(LIST, { after: 'bogus' })).errors[0]?.extensions.code).toBe('INVALID_CURSOR');
      for (const { id } of batches) await fixture.nestor.ask(CANCEL, { id });
      const { data } = await fixture.nestor.ask<{ batchInference: null }>(READ, { id: randomUUID() });
      expect(data?.batchInference).toBeNull();
    });

    it('tells a subscriber of the progress until the end', async () => {
      const { id } = await submit(wideTable(200), { model: 'heavy', chunkRows: 20 });
      const socket = connect(fixture.nestor.api.url, { 'x-api-key': fixture.nestor.apiKey });
      const seen: Batch[] = [];
      const watching = (async () => {
        const query = `subscription ($id: ID!) { batchInferenceUpdated(id: $id) { ${FIELDS} } }`;
        for await (const { data } of socket.iterate<{ batchInferenceUpdated: Batch }>({ query, variables: { id } })) {
          if (data) seen.push(data.batchInferenceUpdated);
        }
      })();
      await until(
        () => seen,
        ({ length }) => length > 0,
      );
      await work();
      await watching;
      await socket.dispose();
      expect(seen[0]).toMatchObject({ status: 'QUEUED', rowsDone: 0, rowsTotal: null, secondsLeft: null });
      expect(seen.at(-1)).toMatchObject({ status: 'SUCCEEDED', rowsDone: 200, secondsLeft: 0 });
      const under = seen.filter(({ status, rowsDone }) => status === 'RUNNING' && rowsDone > 0 && rowsDone < 200);
      expect(under.length).toBeGreaterThan(0);
      for (const { secondsLeft, rowsPerSecond, rowsDone } of under) {
        expect(rowsPerSecond).toBeGreaterThan(0);
        expect(secondsLeft).toBeCloseTo((200 - rowsDone) / (rowsPerSecond ?? 0), 6);
      }
      const done = seen.map(({ rowsDone }) => rowsDone);
      expect(done).toEqual(done.toSorted((one, other) => one - other));
      const updates = fixture.nestor.api.app.get(BatchUpdates, { strict: false });
      expect(updates.watching).toBe(0);
      await expect(updates.watch(fixture.nestor.context, randomUUID()).next()).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    }, 60_000);

    it('leaves an audit event for each step that somebody asked for', async () => {
      const { lines } = flowers(2);
      const { id } = await submit(lines.join('\n'));
      await fixture.nestor.ask(CANCEL, { id });
      await fixture.nestor.ask(RETRY, { id });
      await fixture.nestor.ask(CANCEL, { id });
      const events = await fixture.nestor.dataSource.query<{ action: string }[]>(
        `SELECT action FROM audit_events WHERE resource_id = $1 ORDER BY id`,
        [id],
      );
      expect(events.map(({ action }) => action)).toEqual([
        'batch-inference.submit',
        'batch-inference.cancel',
        'batch-inference.retry',
        'batch-inference.cancel',
      ]);
    });
  });
}
