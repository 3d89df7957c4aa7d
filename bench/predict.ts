import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../src/common/process/package-root.js';
import { simpleModel } from '../test/support/onnx/models.js';
import { inTurns, type Load } from './support/http-load.js';
import { newHome, registerModel, removeHome, startNestor } from './support/nestor.js';
import { perSecond, type Row } from './support/report.js';

const BARE_PORT = 3910;
const row = Array.from({ length: 16 }, (_, index) => index);
const inputs = ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [1, 16], data: row }));
const query = `query ($input: PredictInput!) { predict(input: $input) { requestId version outputs { name datatype shape data } } }`;

/** GraphQL `predict` with access, audit and metrics on, against bare `node:http` in front of the same executor. */
export async function predict(): Promise<Row[]> {
  const home = newHome();
  const bare = fork(join(packageRoot, 'dist/bench/support/bare-server.js'), [String(BARE_PORT)]);
  try {
    await once(bare, 'message');
    const nestor = await startNestor(home, { NESTOR_PREDICT_CONCURRENCY: '200' });
    await registerModel(nestor, 'simple', simpleModel());
    const common = { concurrency: 32, seconds: 6, expects: 'OUTPUT1' };
    const loads: Load[] = [
      { ...common, url: `http://127.0.0.1:${BARE_PORT}/`, headers: {}, body: JSON.stringify({ inputs }) },
      {
        ...common,
        url: `${nestor.graphqlUrl}/graphql`,
        headers: nestor.headers,
        body: JSON.stringify({ query, variables: { input: { model: 'simple', inputs } } }),
      },
    ];
    // Once unmeasured: both compile their hot paths.
    await inTurns(
      loads.map((load) => ({ ...load, seconds: 8 })),
      1,
    );
    const [limit, ours] = await inTurns(loads, 3);
    await nestor.stop();
    if (limit === undefined || ours === undefined) throw new Error('A load gave no result.');
    return [
      {
        what: 'GraphQL `predict`, add/sub model, 32 callers',
        figure: `${perSecond(ours.perSecond)}, p50 ${ours.p50Ms} ms, p99 ${ours.p99Ms} ms`,
        against: `bare node:http + executor ${perSecond(limit.perSecond)}, p99 ${limit.p99Ms} ms`,
        ratio: ours.perSecond / limit.perSecond,
        aim: 0.25,
      },
    ];
  } finally {
    bare.disconnect();
    await removeHome(home);
  }
}
