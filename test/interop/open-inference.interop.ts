import { afterAll, beforeAll, expect, it } from 'vitest';
import { DATATYPES } from '../../src/common/tensor/datatypes.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { identityModel, simpleModel } from '../support/onnx/models.js';
import { pytest } from './pytest.js';

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
  const output = await pytest('NESTOR_INTEROP_PYTHON', `open_inference/test_${client}.py`, {
    NESTOR_URL: nestor.url,
    NESTOR_GRPC: `127.0.0.1:${nestor.grpcPort}`,
    NESTOR_API_KEY: nestor.key['x-api-key'] ?? '',
  });
  expect(output).toMatch(/\d+ passed/);
  expect(output).not.toMatch(/skipped/);
});
