import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../src/common/process/package-root.js';
import { freePort } from '../src/launcher/network/free-port.js';
import type { Target } from '../test/hostile/corpus/attack.js';
import { hostileModels } from '../test/hostile/corpus/hostile-runs.js';
import { identityModel, simpleModel } from '../test/support/onnx/models.js';
import { httpLoad, type LoadResult } from './support/http-load.js';
import { newHome, registerModel, removeHome, type RunningNestor, startNestor } from './support/nestor.js';
import { perSecond, type Row } from './support/report.js';

const SECONDS = 15;
const BODY_MAX_BYTES = 1_000_000;
const BINARY_BODY_MAX_BYTES = 2_000_000;
const row = Array.from({ length: 16 }, (_, index) => index);
const inputs = ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [1, 16], data: row }));

/** What others notice while the corpus of hostile input is thrown at Nestor: every answer right, and how late. */
export async function hostile(): Promise<Row[]> {
  const home = newHome();
  try {
    const grpcPort = await freePort();
    const nestor = await startNestor(home, {
      GRPC_PORT: String(grpcPort),
      NESTOR_EXECUTORS: '2',
      NESTOR_BODY_MAX_BYTES: String(BODY_MAX_BYTES),
      NESTOR_BINARY_BODY_MAX_BYTES: String(BINARY_BODY_MAX_BYTES),
      NESTOR_MODEL_MAX_BYTES: '2000000',
      NESTOR_EXECUTOR_RUN_TIMEOUT_MS: '4000',
      NESTOR_EXECUTOR_MEMORY_BYTES: String(1024 ** 3),
      NESTOR_REQUEST_STALL_MS: '1000',
    });
    const models = { simple: simpleModel, floats: () => identityModel('FP32'), strings: () => identityModel('BYTES') };
    for (const [name, bytes] of Object.entries({ ...models, ...hostileModels })) {
      await registerModel(nestor, name, bytes());
    }
    const load = {
      url: `${nestor.graphqlUrl}/v2/models/simple/infer`,
      headers: nestor.headers,
      body: JSON.stringify({ inputs }),
      concurrency: 4,
      expects: 'OUTPUT1',
    };
    await httpLoad({ ...load, seconds: SECONDS / 3 });
    const alone = await httpLoad({ ...load, seconds: SECONDS });
    const attacked = await underAttack(nestor, grpcPort, () => httpLoad({ ...load, seconds: SECONDS }));
    await nestor.stop();
    return [
      {
        what: 'OIP REST, 4 callers beside the corpus of hostile input: p99 with it against without',
        figure: `p99 ${attacked.p99Ms} ms, ${perSecond(attacked.perSecond)}, all answers right`,
        against: `left alone: p99 ${alone.p99Ms} ms, ${perSecond(alone.perSecond)}`,
        ratio: attacked.p99Ms / alone.p99Ms,
      },
    ];
  } finally {
    await removeHome(home);
  }
}

/** The attacker has a process of its own, but not a processor. */
async function underAttack(
  nestor: RunningNestor,
  grpcPort: number,
  task: () => Promise<LoadResult>,
): Promise<LoadResult> {
  const target: Target = {
    url: nestor.graphqlUrl,
    grpcPort,
    key: nestor.headers,
    bodyMaxBytes: BODY_MAX_BYTES,
    binaryBodyMaxBytes: BINARY_BODY_MAX_BYTES,
  };
  const attacker = fork(join(packageRoot, 'dist/bench/support/attacker.js'), [JSON.stringify(target)]);
  await once(attacker, 'message');
  const gone = once(attacker, 'exit');
  try {
    return await task();
  } finally {
    attacker.disconnect();
    await gone;
  }
}
