import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/process/package-root.js';
import { DATATYPES } from '../../src/common/tensor/datatypes.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { identityModel, simpleModel } from '../support/onnx/models.js';

let nestor: TestNestor;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false, overrides: { GRPC_PORT: '0' } });
  await nestor.addModel('simple', simpleModel());
  await nestor.addModel('switched', simpleModel());
  for (const datatype of DATATYPES) await nestor.addModel(`echo-${datatype}`, identityModel(datatype));
});
afterAll(() => nestor.close());

// Each in a process of its own: the two gRPC clients register the same messages.
it.each(['tritonclient_http', 'tritonclient_grpc', 'kserve'])('serves %s', async (client) => {
  const python = process.env['NESTOR_INTEROP_PYTHON'];
  if (python === undefined) throw new Error('Run this by `npm run test:interop`, which installs the clients.');
  const tests = join(packageRoot, 'test', 'interop', 'open_inference', `test_${client}.py`);
  const environment = {
    ...process.env,
    NESTOR_URL: nestor.url,
    NESTOR_GRPC: `127.0.0.1:${nestor.grpcPort}`,
    NESTOR_API_KEY: nestor.key['x-api-key'] ?? '',
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const run = promisify(execFile)(python, ['-m', 'pytest', '-q', '--tb=short', '-p', 'no:cacheprovider', tests], {
    env: environment,
  });
  const { stdout } = await run.catch((error: { stdout: string }) => expect.unreachable(error.stdout.slice(-5_000)));
  expect(stdout).toMatch(/\d+ passed/);
  expect(stdout).not.toMatch(/skipped/);
});
