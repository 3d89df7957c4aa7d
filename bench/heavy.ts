import { HEAVY_COLUMNS, heavyModel } from '../test/support/onnx/models.js';
import { figureOf } from './support/child.js';
import { httpLoad } from './support/http-load.js';
import { newHome, registerModel, removeHome, startNestor } from './support/nestor.js';
import { perSecond, type Row } from './support/report.js';

const SECONDS = 8;
const CALLERS = 8;
const query = `query ($input: PredictInput!) { predict(input: $input) { version outputs { name data } } }`;

/** A model of about 10 ms a row over GraphQL with 8 callers and one executor, against ONNX Runtime in a loop. */
export async function heavy(): Promise<Row[]> {
  const home = newHome();
  try {
    const nestor = await startNestor(home);
    await registerModel(nestor, 'heavy', heavyModel());
    const data = Array.from({ length: HEAVY_COLUMNS }, () => 0.5);
    const input = { model: 'heavy', inputs: [{ name: 'input', datatype: 'FP32', shape: [1, HEAVY_COLUMNS], data }] };
    const load = {
      url: `${nestor.graphqlUrl}/graphql`,
      headers: nestor.headers,
      body: JSON.stringify({ query, variables: { input } }),
      concurrency: CALLERS,
      expects: '"data":[',
    };
    await httpLoad({ ...load, seconds: 2 });
    // Before and after: the machine's speed drifts, and the limit must not be a lucky moment.
    const before = await figureOf('raw-loop', String(SECONDS / 2));
    const ours = await httpLoad({ ...load, seconds: SECONDS });
    const after = await figureOf('raw-loop', String(SECONDS / 2));
    await nestor.stop();
    const limit = (before + after) / 2;
    const limitMs = (1.3 * CALLERS * 1_000) / limit;
    return [
      {
        what: 'GraphQL `predict`, 10 ms model, 8 callers, one executor',
        figure: `${perSecond(ours.perSecond)}, p99 ${ours.p99Ms} ms`,
        against: `ONNX Runtime in a loop ${perSecond(limit)}`,
        ratio: ours.perSecond / limit,
        aim: 0.97,
      },
      {
        what: `the same, p99 of ${CALLERS} callers who take turns`,
        figure: `${ours.p99Ms} ms`,
        against: `limit ${limitMs.toFixed(0)} ms: 1.3 × ${CALLERS} runs of ONNX Runtime`,
        ratio: limitMs / ours.p99Ms,
        aim: 1,
      },
    ];
  } finally {
    await removeHome(home);
  }
}
