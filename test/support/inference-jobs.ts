import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeModel, graph, node, valueInfo } from '../../models/training/onnx-builder.js';
import { ExecutorView } from '../../src/modules/inference/client/executor-view.js';
import { InferenceJobsService } from '../../src/modules/inference/jobs/inference-jobs.service.js';
import { JobRunner } from '../../src/modules/inference/jobs/job-runner.js';
import { JobSweeper } from '../../src/modules/inference/jobs/job-sweeper.js';
import { JobUpdates } from '../../src/modules/inference/jobs/job-updates.js';
import { SubmissionService } from '../../src/modules/inference/jobs/submission.service.js';
import type { Submission } from '../../src/modules/inference/jobs/submission.rules.js';
import { spawnWorker, startTestInference, type TestInference, until } from './inference.js';
import { heavyModel, simpleModel } from './onnx/models.js';
import { hasRedisServer, startRedisServer, type TestRedis } from './redis.js';

const FIELDS =
  'id status model version priority attempts maxAttempts idempotencyKey error { code message } createdAt startedAt endedAt';
const SUBMIT = `mutation Submit($input: SubmitInferenceInput!) { submitInference(input: $input) { ${FIELDS} } }`;
const READ = `query Read($id: ID!) { inferenceJob(id: $id) { ${FIELDS} result { requestId model version outputs { name data } predictions { values } } } }`;
const CANCEL = `mutation Cancel($id: ID!) { cancelInferenceJob(id: $id) { ${FIELDS} } }`;
const RETRY = `mutation Retry($id: ID!) { retryInferenceJob(id: $id) { ${FIELDS} } }`;
const LIST = `query List($first: Int, $after: String, $filter: InferenceJobFilter) {
  inferenceJobs(first: $first, after: $after, filter: $filter) { edges { node { id status } } pageInfo { hasNextPage endCursor } } }`;

interface Job {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly error: { code: string; message: string } | null;
  readonly result?: { requestId: string; outputs: { name: string; data: number[] }[] } | null;
}

/** Two inputs of any width, which must be the same: what the signature cannot say. */
const sumModel = () => {
  const shape = ['batch', 'width'];
  return encodeModel(
    graph({
      name: 'sum',
      nodes: [node('Add', ['left', 'right'], ['total'])],
      inputs: [valueInfo('left', 'FP32', shape), valueInfo('right', 'FP32', ['batch', 'other'])],
      outputs: [valueInfo('total', 'FP32', shape)],
    }),
  );
};

const sixteen = (value: number) => Array<number>(16).fill(value);
const simple = (value: number): Submission => ({
  model: 'simple',
  inputs: ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [1, 16], data: sixteen(value) })),
});
const heavy = (rows: number): Submission => ({
  model: 'heavy',
  inputs: [{ name: 'input', datatype: 'FP32', shape: [rows, 16], base64: Buffer.alloc(rows * 64).toString('base64') }],
});

/** The same promises hold on both backends; one api in a process, so each has a file of its own. */
export function describeQueuedInference(backend: 'postgresql' | 'redis'): void {
  describe.skipIf(backend === 'redis' && !hasRedisServer())(`queued inference on ${backend}`, () => {
    let nestor: TestInference;
    let redis: TestRedis | undefined;

    beforeAll(async () => {
      redis = backend === 'redis' ? await startRedisServer() : undefined;
      nestor = await startTestInference(redis === undefined ? {} : { REDIS_URL: redis.url });
      await nestor.register('simple', simpleModel());
      await nestor.register('heavy', heavyModel());
      await nestor.register('sum', sumModel());
    });

    afterAll(async () => {
      await nestor.close();
      await redis?.stop();
    });

    afterEach(async () => {
      await stopWorkers();
    });

    const workers: { close(): Promise<void> }[] = [];
    const stopWorkers = async () => {
      await Promise.all(workers.splice(0).map((worker) => worker.close()));
    };

    /** A worker that takes jobs; with executors, once one of them is ready. */
    async function work(overrides: Readonly<Record<string, string>> = {}) {
      const worker = await nestor.startWorker(overrides);
      workers.push(worker);
      if (overrides['NESTOR_EXECUTORS'] !== '0') {
        await until(
          () => worker.get(ExecutorView, { strict: false }).hosts(),
          (hosts) => hosts.some(({ executors }) => executors.some(({ state }) => state === 'READY')),
        );
      }
      return worker;
    }

    const submissions = () => nestor.api.app.get(SubmissionService, { strict: false });
    const submit = (submission: Submission) => submissions().submit(nestor.context, submission);

    async function read(id: string): Promise<Job> {
      const { data } = await nestor.ask<{ inferenceJob: Job | null }>(READ, { id });
      if (data?.inferenceJob == null) throw new Error('The job is gone.');
      return data.inferenceJob;
    }

    const ended = (id: string, status: string) =>
      until(
        () => read(id),
        (job) => job.status === status,
      );

    const statusCounts = async () =>
      new Map(
        (
          await nestor.dataSource.query<{ status: string; count: number }[]>(
            'SELECT status, count(*)::int AS count FROM inference_jobs GROUP BY status',
          )
        ).map(({ status, count }) => [status, count]),
      );

    const recordsOf = (jobs: readonly { id: string }[]) => {
      const service = nestor.api.app.get(InferenceJobsService, { strict: false });
      return Promise.all(jobs.map(({ id }) => service.find(nestor.context, id)));
    };
    const statusesOf = (jobs: readonly { id: string }[]) => async () =>
      (await recordsOf(jobs)).map((record) => record?.status);

    it('runs a job from its submission to its result', async () => {
      await work();
      const input = { ...simple(3), requestId: 'order-7', priority: 4, maxAttempts: 2 };
      const { data, errors } = await nestor.ask<{ submitInference: Job }>(SUBMIT, { input });
      expect(errors).toEqual([]);
      expect(data?.submitInference).toMatchObject({
        status: 'QUEUED',
        priority: 4,
        attempts: 0,
        maxAttempts: 2,
        error: null,
      });
      const job = await ended(data?.submitInference.id ?? '', 'SUCCEEDED');
      expect(job).toMatchObject({ attempts: 1, error: null });
      expect(job.result).toMatchObject({ requestId: 'order-7' });
      expect(job.result?.outputs).toEqual([
        { name: 'OUTPUT0', data: sixteen(6) },
        { name: 'OUTPUT1', data: sixteen(0) },
      ]);
    });

    it('ends each of 300 jobs, once', async () => {
      const before = (await statusCounts()).get('SUCCEEDED') ?? 0;
      await work();
      await Promise.all(Array.from({ length: 300 }, (_, index) => submit(simple(index))));
      const counts = await until(statusCounts, (now) => (now.get('SUCCEEDED') ?? 0) >= before + 300);
      expect(counts.get('SUCCEEDED')).toBe(before + 300);
      expect([...counts.keys()]).toEqual(['SUCCEEDED']);
      const [attempts] = await nestor.dataSource.query<{ most: number }[]>(
        'SELECT max(attempts)::int AS most FROM inference_jobs',
      );
      expect(attempts?.most).toBe(1);
    });

    it('says at once what is wrong with the input', async () => {
      const { errors } = await nestor.ask(SUBMIT, { input: { model: 'simple', inputs: [] } });
      expect(errors[0]?.extensions.code).toBe('INVALID_TENSOR');
      const beyond = await nestor.ask(SUBMIT, { input: { ...simple(1), priority: 10 } });
      expect(beyond.errors[0]?.extensions.code).toBe('INVALID_INPUT');
    });

    it('answers the first job to a repeated submission, also at the same time, and refuses another payload', async () => {
      const idempotencyKey = randomUUID();
      const jobs = await Promise.all(Array.from({ length: 20 }, () => submit({ ...simple(1), idempotencyKey })));
      expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
      await expect(submit({ ...simple(2), idempotencyKey })).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
      const [first] = jobs;
      await nestor.ask(CANCEL, { id: first?.id });
      expect((await submit({ ...simple(1), idempotencyKey })).id).toBe(first?.id);
    });

    it('cancels a job that waits, and retries it when asked to', async () => {
      const { id } = await submit(simple(5));
      const { data } = await nestor.ask<{ cancelInferenceJob: Job }>(CANCEL, { id });
      expect(data?.cancelInferenceJob.status).toBe('CANCELLED');
      expect((await nestor.ask(CANCEL, { id })).errors).toEqual([]);
      await work();
      const { id: other } = await submit(simple(6));
      await ended(other, 'SUCCEEDED');
      expect((await read(id)).status).toBe('CANCELLED');
      const retried = await nestor.ask<{ retryInferenceJob: Job }>(RETRY, { id });
      expect(retried.data?.retryInferenceJob).toMatchObject({ status: 'QUEUED', attempts: 0 });
      expect((await ended(id, 'SUCCEEDED')).result?.outputs[0]?.data).toEqual(sixteen(10));
      expect((await nestor.ask(RETRY, { id })).errors[0]?.extensions.code).toBe('CONFLICT');
      expect((await nestor.ask(CANCEL, { id })).errors[0]?.extensions.code).toBe('CONFLICT');
      expect((await nestor.ask(CANCEL, { id: randomUUID() })).errors[0]?.extensions.code).toBe('NOT_FOUND');
      expect((await nestor.ask(RETRY, { id: 'nonsense' })).errors[0]?.extensions.code).toBe('NOT_FOUND');
    });

    it('cancels a job that runs, and discards its result', async () => {
      const worker = await work();
      const { id } = await submit(heavy(150));
      await ended(id, 'RUNNING');
      await nestor.ask(CANCEL, { id });
      await until(
        () => worker.get(JobRunner, { strict: false }).runningIds,
        (ids) => ids.length === 0,
      );
      expect(await read(id)).toMatchObject({ status: 'CANCELLED', result: null });
    });

    it('tries again with backoff, buries a job whose attempts are used up, lists and redrives it', async () => {
      const deaf = { NESTOR_EXECUTORS: '0' };
      await work(deaf);
      const { id } = await submit({ ...simple(8), maxAttempts: 2 });
      const dead = await ended(id, 'DEAD');
      expect(dead).toMatchObject({ attempts: 2, error: { code: 'EXECUTORS_UNAVAILABLE' }, result: null });
      const list = await nestor.ask<{ inferenceJobs: { edges: { node: Job }[] } }>(LIST, {
        filter: { status: ['DEAD'] },
      });
      expect(list.data?.inferenceJobs.edges.map(({ node }) => node.id)).toEqual([id]);
      await stopWorkers();
      await work();
      await nestor.ask(RETRY, { id });
      expect(await ended(id, 'SUCCEEDED')).toMatchObject({ attempts: 1, error: null });
    });

    it('fails a job at once where the model refuses the input', async () => {
      await work();
      const inputs = [2, 3].map((width, index) => ({
        name: ['left', 'right'][index],
        datatype: 'FP32',
        shape: [1, width],
        data: Array(width).fill(1),
      }));
      const { id } = await submit({ model: 'sum', inputs });
      expect(await ended(id, 'FAILED')).toMatchObject({ attempts: 1, error: { code: 'MODEL_RUN_FAILED' } });
    });

    it('pages through jobs, newest first, and filters them', async () => {
      const jobs = [await submit(simple(1)), await submit(simple(2)), await submit(simple(3))];
      const seen: string[] = [];
      interface Page {
        inferenceJobs: { edges: { node: Job }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
      }
      let after: string | undefined;
      for (let page = 0; page < 2; page += 1) {
        const variables: Record<string, unknown> = {
          first: 2,
          after,
          filter: { status: ['QUEUED'], model: 'simple', version: 1 },
        };
        const { data } = await nestor.ask<Page>(LIST, variables);
        seen.push(...(data?.inferenceJobs.edges.map(({ node }) => node.id) ?? []));
        after = data?.inferenceJobs.pageInfo.endCursor;
      }
      expect(seen.slice(0, 3).toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
      const none = await nestor.ask<Page>(LIST, { filter: { until: new Date(0).toISOString() } });
      expect(none.data?.inferenceJobs.edges).toEqual([]);
      const all = await nestor.ask<Page>(LIST, { first: 1, filter: { since: new Date(0).toISOString() } });
      expect(all.data?.inferenceJobs.edges).toHaveLength(1);
      expect((await nestor.ask(LIST, { after: 'bogus' })).errors[0]?.extensions.code).toBe('INVALID_CURSOR');
      await work();
      await Promise.all(jobs.map(({ id }) => ended(id, 'SUCCEEDED')));
    });

    it('tells a subscriber of each change until the end, and forgets one that leaves', async () => {
      const updates = nestor.api.app.get(JobUpdates, { strict: false });
      const { id } = await submit(heavy(20));
      const left = updates.watch(nestor.context, id);
      await left.next();
      const waiting = left.next();
      await left.return?.();
      expect((await waiting).done).toBe(true);
      const seen: string[] = [];
      const watching = (async () => {
        for await (const job of updates.watch(nestor.context, id)) seen.push(job.status);
      })();
      await work();
      await watching;
      expect(seen[0]).toBe('QUEUED');
      expect(seen.at(-1)).toBe('SUCCEEDED');
      expect(updates.watching).toBe(0);
      await expect(updates.watch(nestor.context, randomUUID()).next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('hands back what it cannot finish when it stops, without counting the attempt', async () => {
      await work({ NESTOR_SHUTDOWN_TIMEOUT_MS: '100' });
      const { id } = await submit(heavy(250));
      await ended(id, 'RUNNING');
      await stopWorkers();
      expect(await read(id)).toMatchObject({ status: 'QUEUED', attempts: 0 });
      await nestor.ask(CANCEL, { id });
    });

    it('queues again what the queue forgot', async () => {
      const jobs = await Promise.all(Array.from({ length: 50 }, (_, index) => submit(simple(index))));
      if (redis === undefined) await nestor.dataSource.query('DELETE FROM bullmq.job');
      else {
        const client = new Redis(redis.url);
        await client.flushall();
        client.disconnect();
      }
      await work();
      await Promise.all(jobs.map(({ id }) => ended(id, 'SUCCEEDED')));
    });

    it('ends every job though its worker is killed in the middle', async () => {
      const worker = await spawnWorker(nestor.settings);
      const jobs = await Promise.all(Array.from({ length: 60 }, () => submit(heavy(3))));
      await until(statusesOf(jobs), (statuses) => statuses.includes('SUCCEEDED') && statuses.includes('RUNNING'));
      await worker.kill();
      const held = (await statusesOf(jobs)()).filter((status) => status === 'RUNNING').length;
      expect(held).toBeGreaterThan(0);
      await work();
      const statuses = await until(statusesOf(jobs), (now) => !now.includes('QUEUED') && !now.includes('RUNNING'));
      expect(new Set(statuses)).toEqual(new Set(['SUCCEEDED']));
      // What the killed worker held counts as an attempt, what it never took does not.
      const attempts = (await recordsOf(jobs)).map((record) => record?.attempts ?? 0);
      expect(attempts.filter((attempt) => attempt > 1).length).toBeGreaterThan(0);
      expect(Math.max(...attempts)).toBeLessThanOrEqual(nestor.settings.NESTOR_JOB_ATTEMPTS);
    }, 90_000);

    it.skipIf(backend === 'postgresql')('takes jobs while Redis is down, and ends them when it is back', async () => {
      const worker = await work();
      await redis?.kill();
      const jobs = await Promise.all([submit(simple(1)), submit(simple(2))]);
      await nestor.ask(CANCEL, { id: jobs[1].id });
      await redis?.restart();
      await ended(jobs[0].id, 'SUCCEEDED');
      expect((await read(jobs[1].id)).status).toBe('CANCELLED');
      expect(worker.get(JobRunner, { strict: false }).runningIds).toEqual([]);
    });

    it('takes a job from a worker that is gone, and buries one that outlives all its workers', async () => {
      const [first, last] = [await submit(simple(1)), await submit({ ...simple(2), maxAttempts: 1 })];
      // As a worker leaves them that was killed: taken, and no longer renewed.
      await nestor.dataSource.query(
        `UPDATE inference_jobs SET status = 'RUNNING', attempts = 1, worker = 'gone', lease_until = now() - interval '1 s'
         WHERE id = ANY($1::uuid[])`,
        [[first.id, last.id]],
      );
      await work();
      expect(await ended(first.id, 'SUCCEEDED')).toMatchObject({ attempts: 2, error: null });
      expect(await ended(last.id, 'DEAD')).toMatchObject({ attempts: 1, error: { code: 'EXECUTOR_LOST' } });
    });

    it('deletes what ended longer ago than it is kept', async () => {
      const worker = await work();
      const { id } = await submit(simple(1));
      await ended(id, 'SUCCEEDED');
      await nestor.dataSource.query(`UPDATE inference_jobs SET ended_at = now() - interval '31 days' WHERE id = $1`, [
        id,
      ]);
      await worker.get(JobSweeper, { strict: false }).sweep();
      expect(await nestor.api.app.get(InferenceJobsService, { strict: false }).find(nestor.context, id)).toBeNull();
    });
  });
}
