import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ExecutorView } from '../../src/modules/inference/client/executor-view.js';
import { countReady } from '../../src/modules/inference/directory/first-ready.js';
import { InferenceQueue } from '../../src/modules/inference/jobs/inference-queue.js';
import { InferenceJobsService } from '../../src/modules/inference/jobs/inference-jobs.service.js';
import { JobExecutionRepository } from '../../src/modules/inference/jobs/job-execution.repository.js';
import { SubmissionService } from '../../src/modules/inference/jobs/submission.service.js';
import { startTestInference, type TestInference, until } from '../support/inference.js';
import { heavyModel } from '../support/onnx/models.js';

/** Rows of a job that takes about a second. */
const SLOW_ROWS = 100;

describe('inference jobs that the queue carries together', () => {
  let nestor: TestInference;
  const workers: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    nestor = await startTestInference();
    await nestor.register('heavy', heavyModel());
  });

  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
    await nestor.dataSource.query('DELETE FROM inference_jobs');
    await nestor.dataSource.query('DELETE FROM bullmq.job');
  });

  afterAll(() => nestor.close());

  const submit = (rows: readonly number[]) =>
    Promise.all(
      rows.map((count) =>
        nestor.api.app.get(SubmissionService, { strict: false }).submit(nestor.context, {
          model: 'heavy',
          inputs: [
            {
              name: 'input',
              datatype: 'FP32',
              shape: [count, 16],
              base64: Buffer.alloc(count * 64).toString('base64'),
            },
          ],
        }),
      ),
    );
  const work = async (overrides: Readonly<Record<string, string>>) => {
    const worker = await nestor.startWorker(overrides);
    workers.push(worker);
    return worker;
  };
  const repository = () => new JobExecutionRepository(nestor.dataSource);
  const queue = () => nestor.api.app.get(InferenceQueue, { strict: false });

  it('take fewer jobs of the queue than there are of them, and are queued again as they were', async () => {
    await submit(Array<number>(40).fill(1));
    const depth = await queue().depth();
    expect(depth).toBeLessThan(40);
    expect(await repository().countQueueJobs()).toBe(depth);
    const whole = await repository().takeLongQueued(0, 40);
    expect(whole).toHaveLength(40);
    await queue().add(whole);
    expect(await queue().depth()).toBe(depth);
    // Those that were queued at one moment are taken together, whatever the limit.
    expect(await repository().takeLongQueued(0, 1)).toHaveLength(40);
  });

  it('go to another worker where the one that took them has no place for all', async () => {
    await submit(Array<number>(8).fill(SLOW_ROWS));
    await work({ NESTOR_JOB_CONCURRENCY: '1' });
    await work({ NESTOR_JOB_CONCURRENCY: '1' });
    await until(
      () =>
        nestor.dataSource.query<{ count: number }[]>(
          `SELECT count(DISTINCT worker)::int AS count FROM inference_jobs WHERE status = 'RUNNING'`,
        ),
      ([row]) => row?.count === 2,
    );
  });

  it('end one by one, though one of them takes long', async () => {
    const view = (await work({ NESTOR_EXECUTORS: '2' })).get(ExecutorView, { strict: false });
    await until(
      () => countReady(view),
      (ready) => ready === 2,
    );
    const [slow, ...quick] = await submit([5 * SLOW_ROWS, ...Array<number>(7).fill(1)]);
    const service = nestor.api.app.get(InferenceJobsService, { strict: false });
    const statusOf = async ({ id }: { readonly id: string }) => (await service.find(nestor.context, id))?.status;
    await until(
      () => Promise.all(quick.map(statusOf)),
      (statuses) => statuses.includes('SUCCEEDED'),
    );
    if (slow === undefined) throw new Error('Nothing was submitted.');
    expect(await statusOf(slow)).toBe('RUNNING');
    await service.cancel(nestor.context, slow.id);
  });
});
