import { InferenceSession, Tensor } from 'onnxruntime-node';
import { HEAVY_COLUMNS, heavyModel } from '../../test/support/onnx/models.js';

/** Rows per second of ONNX Runtime alone: one session, one thread, one row a run, nothing around it. */
const session = await InferenceSession.create(heavyModel(), {
  intraOpNumThreads: 1,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});
const [input] = session.inputNames;
const feeds = { [input ?? '']: new Tensor('float32', new Float32Array(HEAVY_COLUMNS).fill(0.5), [1, HEAVY_COLUMNS]) };
const milliseconds = Number(process.argv[2]) * 1000;
for (let warmUp = 0; warmUp < 20; warmUp += 1) await session.run(feeds);
const startedAt = performance.now();
let runs = 0;
while (performance.now() - startedAt < milliseconds) {
  await session.run(feeds);
  runs += 1;
}
process.stdout.write(JSON.stringify({ perSecond: (runs * 1000) / (performance.now() - startedAt) }));
