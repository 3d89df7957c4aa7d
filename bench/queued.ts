import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { ask } from '../test/support/graphql.js';
import { simpleModel } from '../test/support/onnx/models.js';
import { figureOf } from './support/child.js';
import { newHome, registerModel, removeHome, type RunningNestor, startNestor } from './support/nestor.js';
import { processesBelow } from './support/processes.js';
import { perSecond, type Row } from './support/report.js';

const OPERATIONS_AT_ONCE = 16;
const JOBS_PER_OPERATION = 50;
const row = Array.from({ length: 16 }, (_, index) => index);
const inputs = ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [1, 16], data: row }));

export interface QueueBackend {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the raw queue of the comparison lives; the database of the running Nestor by default. */
  readonly rawUrl: (nestor: RunningNestor) => string;
  readonly jobs: number;
  readonly aim: number;
}

/**
 * The queued lane from the row to the row: jobs are submitted while the worker is stopped, then it drains them. Against
 * it BullMQ alone, whose jobs hold no data, do nothing and leave no record.
 */
export async function queued({ name, environment, rawUrl, jobs, aim }: QueueBackend): Promise<Row[]> {
  const home = newHome();
  try {
    const nestor = await startNestor(home, environment);
    await registerModel(nestor, 'simple', simpleModel());
    // Once unmeasured: worker and api compile their hot paths.
    await submit(nestor, jobs);
    await drained(nestor);
    const worker = processesBelow(nestor.pid).find((process) => process.name === 'worker');
    if (worker === undefined) throw new Error('There is no worker process.');
    const raw = await figureOf('raw-queue', rawUrl(nestor), String(jobs));
    process.kill(worker.pid, 'SIGSTOP');
    const submitting = performance.now();
    await submit(nestor, jobs);
    const submittedIn = performance.now() - submitting;
    const draining = performance.now();
    process.kill(worker.pid, 'SIGCONT');
    await drained(nestor);
    const drainedIn = performance.now() - draining;
    await nestor.stop();
    const rate = (jobs * 1000) / drainedIn;
    return [
      {
        what: `\`submitInference\` on ${name}, ${OPERATIONS_AT_ONCE} callers`,
        figure: perSecond((jobs * 1000) / submittedIn),
      },
      {
        what: `queued lane on ${name}, drain of ${jobs} jobs`,
        figure: perSecond(rate),
        against: `raw BullMQ, empty jobs ${perSecond(raw)}`,
        ratio: rate / raw,
        aim,
      },
    ];
  } finally {
    await removeHome(home);
  }
}

async function submit(nestor: RunningNestor, jobs: number): Promise<void> {
  const aliases = Array.from(
    { length: JOBS_PER_OPERATION },
    (_, index) => `job${index}: submitInference(input: $input) { id }`,
  );
  const mutation = `mutation ($input: SubmitInferenceInput!) { ${aliases.join(' ')} }`;
  let left = jobs;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= JOBS_PER_OPERATION;
      await ask(nestor.graphqlUrl, mutation, { input: { model: 'simple', inputs } }, nestor.headers);
    }
  };
  await Promise.all(Array.from({ length: OPERATIONS_AT_ONCE }, caller));
}

/** Waits until no job is queued or running. Asks PostgreSQL itself: the api would spend more on the question than on a job. */
async function drained({ databaseUrl }: RunningNestor): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (;;) {
      const left = await client.query("SELECT 1 FROM inference_jobs WHERE status IN ('QUEUED', 'RUNNING') LIMIT 1");
      if (left.rowCount === 0) return;
      await sleep(20);
    }
  } finally {
    await client.end();
  }
}
