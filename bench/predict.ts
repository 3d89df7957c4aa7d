import { startBare } from './support/bare.js';
import { benchModels } from './support/models.js';
import { type Load, loadsInTurns } from './support/http-load.js';
import { newHome, registerModel, removeHome, startNestor } from './support/nestor.js';
import { perSecond, type Row } from './support/report.js';

const row = Array.from({ length: 16 }, (_, index) => index);
const inputs = ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [1, 16], data: row }));
const query = `query ($input: PredictInput!) { predict(input: $input) { requestId version outputs { name datatype shape data } } }`;

const mlpInputs = [{ name: 'input', datatype: 'FP32', shape: [1, 16], data: row.map((value) => value / 16) }];

const PICTURE = [1, 3, 224, 224];
const pictureBytes = Buffer.from(
  new Float32Array(PICTURE.reduce((product, size) => product * size, 1)).fill(0.5).buffer,
);

/** The add/sub model with access, audit and metrics on, by both protocols, against a bare server in front of an executor. */
export async function small(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const concurrency of [32, 64]) {
    const json = JSON.stringify({ inputs });
    const graphql = JSON.stringify({ query, variables: { input: { model: 'simple', inputs } } });
    const [limit, rest, predict] = await measured('simple', concurrency, { expects: 'OUTPUT1' }, [
      { path: '', body: json },
      { path: '/v2/models/simple/infer', body: json },
      { path: '/graphql', body: graphql },
    ]);
    rows.push(
      against(limit, rest, `OIP REST, add/sub model, ${concurrency} callers`, 0.5),
      against(limit, predict, `GraphQL \`predict\`, add/sub model, ${concurrency} callers`, 0.35),
    );
  }
  return rows;
}

/** A model whose rows are worth joining: eight layers of 512. */
export async function batched(): Promise<Row[]> {
  const body = JSON.stringify({ inputs: mlpInputs });
  const [limit, rest] = await measured('mlp', 32, { expects: 'output' }, [
    { path: '', body },
    { path: '/v2/models/mlp/infer', body },
  ]);
  return [against(limit, rest, 'OIP REST, MLP 16→512×8→10, 32 callers', 0.75)];
}

/** A picture of 1×3×224×224 floats: as bytes behind the JSON, and as base64 within GraphQL. */
export async function picture(): Promise<Row[]> {
  const tensor = { name: 'input', datatype: 'FP32', shape: PICTURE };
  const json = JSON.stringify({
    inputs: [{ ...tensor, parameters: { binary_data_size: pictureBytes.byteLength } }],
    parameters: { binary_data_output: true },
  });
  const body = Buffer.concat([Buffer.from(json), pictureBytes]);
  const headers = {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': String(json.length),
  };
  const input = { model: 'picture', inputs: [{ ...tensor, base64: pictureBytes.toString('base64') }] };
  const [limit, rest, base64] = await measured('picture', 8, { expects: 'output' }, [
    { path: '', body, headers },
    { path: '/v2/models/picture/infer', body, headers },
    { path: '/graphql', body: JSON.stringify({ query, variables: { input } }) },
  ]);
  return [
    against(limit, rest, 'OIP REST, 1×3×224×224 floats as bytes, 8 callers', 0.6),
    against(limit, base64, 'GraphQL `predict`, the same floats as base64, 8 callers'),
  ];
}

interface Target {
  /** Of Nestor; empty for the bare server. */
  readonly path: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

type Result = Awaited<ReturnType<typeof loadsInTurns>>[number];

/** Measures the targets in turns, the bare server first. */
async function measured(
  model: keyof typeof benchModels,
  concurrency: number,
  { expects }: Pick<Load, 'expects'>,
  targets: readonly Target[],
): Promise<(Result | undefined)[]> {
  const home = newHome();
  const bare = await startBare(model);
  try {
    const nestor = await startNestor(home, { NESTOR_PREDICT_CONCURRENCY: '200' });
    await registerModel(nestor, model, benchModels[model]());
    const loads = targets.map(({ path, body, headers = {} }) => ({
      url: path === '' ? bare.url : `${nestor.graphqlUrl}${path}`,
      headers: path === '' ? headers : { ...nestor.headers, ...headers },
      body,
      concurrency,
      seconds: 6,
      expects,
    }));
    // Once unmeasured: all compile their hot paths.
    await loadsInTurns(
      loads.map((load) => ({ ...load, seconds: 8 })),
      1,
    );
    const results = await loadsInTurns(loads, 3);
    await nestor.stop();
    return results;
  } finally {
    await bare.stop();
    await removeHome(home);
  }
}

function against(limit: Result | undefined, ours: Result | undefined, what: string, aim?: number): Row {
  if (limit === undefined || ours === undefined) throw new Error('A load gave no result.');
  return {
    what,
    figure: `${perSecond(ours.perSecond)}, p50 ${ours.p50Ms} ms, p99 ${ours.p99Ms} ms`,
    against: `bare node:http + executor ${perSecond(limit.perSecond)}, p99 ${limit.p99Ms} ms`,
    ratio: ours.perSecond / limit.perSecond,
    ...(aim !== undefined && { aim }),
  };
}
