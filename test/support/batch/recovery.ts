import { setTimeout as sleep } from 'node:timers/promises';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it, vi } from 'vitest';
import { BatchStepRepository } from '../../../src/modules/inference/batch/batch-step.repository.js';
import { BatchSweeper } from '../../../src/modules/inference/batch/run/batch-sweeper.js';
import { BatchStepConsumer } from '../../../src/modules/inference/batch/run/step.consumer.js';
import { spawnWorker, until } from '../inference.js';
import { flowers, irisRecords } from '../iris.js';
import { type Batch, type BatchFixture, CANCEL, type Chunk, READ, RETRY } from './fixture.js';
import { wideTable } from './models.js';

const count = (chunks: readonly Chunk[], wanted: string): number =>
  chunks.filter(({ status }) => status === wanted).length;

/** What becomes of a batch when attempts, queues and workers fail. */
export function describeBatchRecovery(fixture: BatchFixture): void {
  const { start, work, stopWorkers, forgetQueue, storedFiles, upload, submit, ended, outputOf, csvRows, chunksOf } =
    fixture;

  describe('what goes wrong', () => {
    it('assembles again what could not be stored, without running a row again', async () => {
      await work({ NESTOR_ARTIFACT_MAX_BYTES: '100' });
      const { lines } = flowers(30);
      const { id } = await submit(lines.join('\n'), { chunkRows: 10 });
      const failed = await ended(id, 'FAILED');
      expect(failed).toMatchObject({ rowsDone: 30, output: null, error: { code: 'ARTIFACT_TOO_LARGE' } });
      await stopWorkers();
      await work();
      const retried = await fixture.nestor.ask<{ retryBatchInference: Batch }>(RETRY, { id });
      expect(retried.data?.retryBatchInference.status).toBe('ASSEMBLING');
      expect(await csvRows(await ended(id, 'SUCCEEDED'))).toHaveLength(30);
      expect((await chunksOf(id)).map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
    });

    it('fails with a chunk whose attempts are used up, and runs only what is missing when it is retried', async () => {
      const { lines } = flowers(40);
      const { id } = await submit(lines.join('\n'), { chunkRows: 10 });
      await fixture.nestor.dataSource.query('UPDATE batch_inferences SET max_attempts = 2 WHERE id = $1', [id]);
      await start({ NESTOR_EXECUTORS: '0' });
      const failed = await ended(id, 'FAILED');
      expect(failed.error?.code).toBe('EXECUTORS_UNAVAILABLE');
      expect(failed.error?.message).toMatch(/^Rows \d+ to \d+: No executor is ready/);
      await stopWorkers();
      await work();
      await fixture.nestor.ask(RETRY, { id });
      const batch = await ended(id, 'SUCCEEDED');
      expect(batch).toMatchObject({ rowsDone: 40, error: null });
      expect((await csvRows(batch)).filter(({ error }) => error === '')).toHaveLength(39);
    });

    it('leaves nothing of rows that were unpacked by a worker which was killed before they were split', async () => {
      const names = Object.keys(irisRecords[0].record);
      const columnData = names.map((name) => ({ name, data: [1, 2, 3], type: 'DOUBLE' as const }));
      const file = new Uint8Array(parquetWriteBuffer({ columnData }));
      await upload(file);
      const before = await storedFiles();
      const worker = await work();
      // As a kill leaves it: nothing follows any more, and the lease ends.
      const hung = vi.spyOn(worker.get(BatchStepRepository, { strict: false }), 'addChunks');
      let goOn: ((isOwn: boolean) => void) | undefined;
      hung.mockReturnValueOnce(new Promise((resolve) => (goOn = resolve)));
      const { id } = await submit(file);
      await until(
        () => hung.mock.calls.length,
        (calls) => calls > 0,
      );
      expect(await storedFiles()).toBe(before + 1);
      await fixture.nestor.dataSource.query(
        `UPDATE batch_inferences SET worker = 'gone', lease_until = now() - interval '1 s' WHERE id = $1`,
        [id],
      );
      const batch = await ended(id, 'SUCCEEDED');
      expect(await outputOf(batch)).not.toHaveLength(0);
      // All that has come is the output.
      await until(storedFiles, (files) => files === before + 1);
      goOn?.(false);
    });

    it('hands back what it cannot finish when it stops, without counting the attempt', async () => {
      await work({ NESTOR_SHUTDOWN_TIMEOUT_MS: '100' });
      const { id } = await submit(wideTable(800), { model: 'heavy', chunkRows: 200 });
      await until(
        () => chunksOf(id),
        (chunks) => chunks.some(({ status }) => status === 'RUNNING'),
      );
      await stopWorkers();
      const chunks = await chunksOf(id);
      expect(chunks.map(({ status }) => status)).not.toContain('RUNNING');
      expect(chunks.filter(({ status }) => status === 'QUEUED').every(({ attempts }) => attempts === 0)).toBe(true);
      expect(chunks.some(({ status }) => status === 'QUEUED')).toBe(true);
      await fixture.nestor.ask(CANCEL, { id });
    }, 60_000);

    it('queues again what the queue forgot', async () => {
      const { lines } = flowers(50);
      const { id } = await submit(lines.join('\n'), { chunkRows: 5 });
      await forgetQueue();
      await work();
      await ended(id, 'SUCCEEDED');
    });

    it('takes steps and chunks from workers that are gone, and fails what outlives all its workers', async () => {
      const { lines } = flowers(20);
      const splitting = await submit(lines.join('\n'), { chunkRows: 5 });
      const last = await submit(lines.join('\n'), { chunkRows: 5 });
      // As a worker leaves them that was killed: taken, and no longer renewed.
      await fixture.nestor.dataSource.query(
        `UPDATE batch_inferences SET status = 'SPLITTING', attempts = CASE WHEN id = $2 THEN max_attempts ELSE 1 END,
           worker = 'gone', lease_until = now() - interval '1 s' WHERE id = ANY($1::uuid[])`,
        [[splitting.id, last.id], last.id],
      );
      const worker = await work();
      await ended(splitting.id, 'SUCCEEDED');
      expect((await ended(last.id, 'FAILED')).error?.code).toBe('EXECUTOR_LOST');
      await fixture.nestor.dataSource.query(
        `UPDATE batch_inferences SET status = 'RUNNING', chunks_done = chunks_total - 2, ended_at = NULL WHERE id = $1`,
        [splitting.id],
      );
      await fixture.nestor.dataSource.query(
        `UPDATE batch_chunks SET status = 'RUNNING', worker = 'gone', lease_until = now() - interval '1 s',
           attempts = CASE WHEN index = 1 THEN 5 ELSE 1 END WHERE batch_id = $1 AND index < 2`,
        [splitting.id],
      );
      await worker.get(BatchSweeper, { strict: false }).sweep();
      expect((await ended(splitting.id, 'FAILED')).error).toMatchObject({
        code: 'EXECUTOR_LOST',
        message: expect.stringMatching(/^Rows 6 to 10: The worker that had this ended/),
      });
    });

    it('repeats no finished chunk though its worker is killed in the middle', async () => {
      const worker = await spawnWorker(fixture.nestor.settings);
      const { id } = await submit(wideTable(600), { model: 'heavy', chunkRows: 10 });
      const before = await until(
        async () => {
          worker.freeze();
          // What it has sent to the database is still carried out.
          await sleep(100);
          const chunks = await chunksOf(id);
          if (count(chunks, 'SUCCEEDED') < 10 || count(chunks, 'RUNNING') === 0) worker.goOn();
          return chunks;
        },
        (chunks) => count(chunks, 'SUCCEEDED') >= 10 && count(chunks, 'RUNNING') > 0,
      );
      await worker.kill();
      const finished = before.filter(({ status }) => status === 'SUCCEEDED');
      expect(finished.length).toBeLessThan(60);
      await work();
      const batch = await ended(id, 'SUCCEEDED');
      const after = await chunksOf(id);
      for (const chunk of finished) expect(after[chunk.index]).toEqual(chunk);
      expect(finished.every(({ attempts }) => attempts === 1)).toBe(true);
      for (const { index, status } of before) {
        if (status === 'RUNNING') expect(after[index]?.attempts).toBe(2);
        if (status === 'QUEUED') expect(after[index]?.attempts).toBe(1);
      }
      const rows = await csvRows(batch);
      expect(rows.map(({ row }) => Number(row))).toEqual(Array.from({ length: 600 }, (_, row) => row + 1));
      expect(rows.every(({ error }) => error === '')).toBe(true);
      expect(batch).toMatchObject({ rowsTotal: 600, rowsDone: 600, rowsFailed: 0 });
    }, 90_000);

    it('deletes what ended longer ago than it is kept', async () => {
      const worker = await work();
      const { lines } = flowers(5);
      const { id } = await submit(lines.join('\n'));
      await ended(id, 'SUCCEEDED');
      await fixture.nestor.dataSource.query(
        `UPDATE batch_inferences SET ended_at = now() - interval '31 days' WHERE id = $1`,
        [id],
      );
      await until(
        () => fixture.nestor.ask<{ batchInference: Batch | null }>(READ, { id }),
        ({ data }) => data?.batchInference === null,
      );
      expect(await chunksOf(id)).toEqual([]);
      expect(worker.get(BatchStepConsumer, { strict: false }).runningIds).toEqual([]);
    });
  });
}
