import { expect } from 'vitest';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { identityModel, simpleModel } from '../support/onnx/models.js';
import type { Attack, Target } from './corpus/attack.js';
import { MODEL_MAX_BYTES } from './corpus/hostile-files.js';
import { INSIDE } from './inside.js';

const BODY_MAX_BYTES = 1_000_000;
const BINARY_BODY_MAX_BYTES = 2_000_000;

/** A Nestor that can be attacked, with limits that are soon reached. */
export interface Victim {
  readonly nestor: TestNestor;
  readonly target: Target;
}

export async function startVictim(overrides: Readonly<Record<string, string>> = {}): Promise<Victim> {
  const nestor = await startTestNestor({
    redis: false,
    overrides: {
      GRPC_PORT: '0',
      NESTOR_BODY_MAX_BYTES: String(BODY_MAX_BYTES),
      NESTOR_BINARY_BODY_MAX_BYTES: String(BINARY_BODY_MAX_BYTES),
      NESTOR_MODEL_MAX_BYTES: String(MODEL_MAX_BYTES),
      NESTOR_EXECUTOR_RUN_TIMEOUT_MS: '4000',
      NESTOR_EXECUTOR_MEMORY_BYTES: String(1024 ** 3),
      ...overrides,
    },
  });
  await nestor.addModel('simple', simpleModel());
  await nestor.addModel('floats', identityModel('FP32'));
  await nestor.addModel('strings', identityModel('BYTES'));
  const { url, grpcPort, key } = nestor;
  const limits = { bodyMaxBytes: BODY_MAX_BYTES, binaryBodyMaxBytes: BINARY_BODY_MAX_BYTES };
  return { nestor, target: { url, grpcPort: grpcPort ?? 0, key, ...limits } };
}

/** Proves that an attack ends as it must, and that nothing of the inside is told. */
export async function expectContained(attack: Attack, target: Target): Promise<void> {
  const outcome = await attack.send(target);
  expect(outcome).toEqual({ code: attack.code, text: expect.not.stringMatching(INSIDE) });
}
