import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { type ErrorCode, errorTable } from '../../src/common/errors/error-table.js';
import { built } from '../support/built.js';
import { query, until } from '../support/launcher/homes.js';
import { endAndReplace, LaunchedNestor } from '../support/launcher/launched-nestor.js';
import { processesOfGroup } from '../support/launcher/launcher-process.js';
import { hasRedisServer, startRedisServer, type TestRedis } from '../support/redis.js';

// Every part of a running Nestor is killed while jobs come in: none that was acknowledged is lost, none ends twice.

const JOBS = 300;
const CALLERS = 4;
const RECORDS = [
  { sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2 },
  { sepalLength: 6.0, sepalWidth: 2.9, petalLength: 4.5, petalWidth: 1.5 },
  { sepalLength: 6.3, sepalWidth: 3.3, petalLength: 6.0, petalWidth: 2.5 },
];
const LABELS = ['setosa', 'versicolor', 'virginica'];
const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';
const RESULT = 'query ($id: ID!) { inferenceJob(id: $id) { result { predictions { label } } } }';

/** Writes down each end of a job, however it comes about. */
const WITNESS = [
  'CREATE TABLE job_ends (id uuid NOT NULL)',
  `CREATE FUNCTION witness_end() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN INSERT INTO job_ends VALUES (NEW.id); RETURN NULL; END $$`,
  `CREATE TRIGGER witness_end AFTER UPDATE ON inference_jobs FOR EACH ROW
   WHEN (OLD.status IN ('QUEUED', 'RUNNING') AND NEW.status NOT IN ('QUEUED', 'RUNNING')
     OR OLD.result IS NULL AND NEW.result IS NOT NULL) EXECUTE FUNCTION witness_end()`,
];

const byKey = (one: { key: string }, other: { key: string }) => one.key.localeCompare(other.key);

let nestor: LaunchedNestor;
let redis: TestRedis | undefined;

const postmaster = (): Promise<number> =>
  readFile(join(nestor.home, 'postgres', 'data', 'postmaster.pid'), 'utf8').then(
    (text) => Number.parseInt(text, 10) || 0,
    () => 0,
  );

async function executor(): Promise<number> {
  const worker = await nestor.pidOf('worker');
  return (await processesOfGroup(worker)).find((pid) => pid !== worker) ?? 0;
}

async function start(settings: Readonly<Record<string, string>>): Promise<void> {
  nestor = await LaunchedNestor.start(settings);
  await query(nestor.database, ...WITNESS);
}

/** What the log of the api has of errors that nobody foresaw. */
const unexpectedErrors = async (): Promise<string> =>
  (await nestor.logOf('api')).match(/^.*"unexpected error".*$/gm)?.join('\n') ?? '';

/** As any careful client: the same key again for as long as the answer says that it is worth it. @returns the job's id. */
async function submit(index: number): Promise<string> {
  const input = { model: 'iris', records: [RECORDS[index % 3]], idempotencyKey: `job-${index}` };
  for (;;) {
    try {
      const { data, errors } = await nestor.client.send<{ submitInference: { id: string } }>(SUBMIT, { input });
      if (data !== null && errors.length === 0) return data.submitInference.id;
      const code = errors[0]?.extensions.code as ErrorCode;
      if (errorTable[code].status !== 503) {
        throw new Error(`Job ${index}: ${JSON.stringify(errors)}\n${await unexpectedErrors()}`);
      }
    } catch (error) {
      // fetch fails so where the connection was refused or broke off.
      if (!(error instanceof TypeError)) throw error;
    }
    await sleep(50);
  }
}

/** Submits jobs while something is killed: a third of them are acknowledged before. */
async function submitDuring(from: number, to: number, disaster: () => Promise<void>): Promise<string[]> {
  const ids: string[] = [];
  let next = from;
  const caller = async () => {
    while (next < to) ids.push(await submit(next++));
  };
  const callers = Promise.all(Array.from({ length: CALLERS }, caller));
  await Promise.all([callers, until(() => ids.length >= (to - from) / 3).then(disaster)]);
  return ids;
}

const executorKilled = () => endAndReplace(executor);
const workerKilled = () => endAndReplace(() => nestor.pidOf('worker'));
const apiKilled = () => endAndReplace(() => nestor.pidOf('api'));
const postgresKilled = () => endAndReplace(postmaster);

async function expectAllDoneOnce(disasters: readonly (() => Promise<void>)[]): Promise<void> {
  const perDisaster = JOBS / disasters.length;
  const ids: string[] = [];
  for (const [index, disaster] of disasters.entries()) {
    ids.push(...(await submitDuring(index * perDisaster, (index + 1) * perDisaster, disaster)));
  }
  const waiting = `SELECT id FROM inference_jobs WHERE status IN ('QUEUED', 'RUNNING')`;
  await until(async () => (await query(nestor.database, waiting).catch(() => [0])).length === 0);

  expect(new Set(ids).size).toBe(JOBS);
  const jobs = await query(
    nestor.database,
    `SELECT job.id, status, idempotency_key AS key, result IS NOT NULL AS "hasResult",
       (SELECT count(*)::int FROM job_ends WHERE job_ends.id = job.id) AS ends,
       (SELECT count(*)::int FROM audit_events WHERE action = 'inference-job.submit' AND resource_id = job.id::text
          AND detail ->> 'isRepeated' = 'false') AS submissions
     FROM inference_jobs AS job`,
  );
  const expected = Array.from({ length: JOBS }, (_, index) => ({ status: 'SUCCEEDED', key: `job-${index}` }));
  const found = (jobs as { id: string; key: string; status: string }[]).toSorted(byKey);
  expect(found.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  expect(found).toEqual(
    expected
      .toSorted(byKey)
      .map((job) => ({ ...job, id: expect.any(String), hasResult: true, ends: 1, submissions: 1 })),
  );
  for (const { id, key } of found) {
    const answer = await nestor.client.send<{ inferenceJob: { result: { predictions: { label: string }[] } } }>(
      RESULT,
      {
        id,
      },
    );
    const label = LABELS[Number(key.slice('job-'.length)) % 3];
    expect(answer.data?.inferenceJob.result.predictions).toEqual([{ label: expect.stringContaining(String(label)) }]);
  }
  const verify = [await built('src/audit-verify.main.js')];
  const verdict = await promisify(execFile)(process.execPath, verify, { env: { NESTOR_HOME: nestor.home } });
  expect(verdict.stdout).toContain('The audit trail is sound');
}

describe.skipIf(process.platform !== 'linux')('jobs while everything is killed', { timeout: 110_000 }, () => {
  afterEach(async () => {
    const ended = await nestor.stop();
    await redis?.stop();
    redis = undefined;
    expect(ended).toEqual({ status: 0, left: [] });
  }, 60_000);

  it.skipIf(!hasRedisServer())('loses none and ends none twice, with Redis', async () => {
    const server = await startRedisServer();
    redis = server;
    await start({ REDIS_URL: server.url });
    const redisKilled = async () => {
      await server.kill();
      await sleep(1_000);
      await server.restart();
    };
    await expectAllDoneOnce([executorKilled, workerKilled, apiKilled, redisKilled, postgresKilled]);
  });

  it('loses none and ends none twice, on PostgreSQL alone', async () => {
    await start({});
    await expectAllDoneOnce([executorKilled, workerKilled, apiKilled, postgresKilled]);
  });
});
