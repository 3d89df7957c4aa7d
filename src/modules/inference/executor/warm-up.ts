import { CodedError } from '../../../common/errors/coded-error.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { WarmUpSample } from '../../registry/serving/serving-policy.js';
import type { ModelSession } from './model-session.js';
import { seededRandom, trialInputs } from './trial-inputs.rules.js';

/** Length of the dimensions that vary, but for the rows. */
const SIZE = 1;
const SEED = 42;

/**
 * Runs a model that was just opened, so that the first request does not pay for what is done once. Without samples it is
 * run on one row of zeros, and failing is no matter; where a sample fails, the model does not serve.
 * @throws {CodedError} MODEL_LOAD_FAILED; the session is released.
 */
export async function warmUp(session: ModelSession, samples: readonly WarmUpSample[]): Promise<void> {
  if (samples.length === 0) {
    const zeros = trialInputs(session.inputs(), 1, SIZE);
    if (zeros !== undefined) await session.run(zeros).catch(() => undefined);
    return;
  }
  for (const sample of samples) {
    try {
      await session.run(tensorsOf(session, sample));
    } catch (cause) {
      await session.release();
      const reason = cause instanceof Error ? cause.message : '';
      const message = `The warm-up sample ${JSON.stringify(sample.name)} failed: ${reason}`;
      throw new CodedError('MODEL_LOAD_FAILED', message, { cause });
    }
  }
}

function tensorsOf(session: ModelSession, { kind, rows, tensors = [] }: WarmUpSample): readonly Tensor[] {
  if (kind === 'DATA') {
    return tensors.map(({ base64, ...tensor }) => ({ ...tensor, data: Buffer.from(base64, 'base64') }));
  }
  const random = kind === 'RANDOM' ? seededRandom(SEED) : undefined;
  const made = trialInputs(session.inputs(), rows, SIZE, random);
  if (made === undefined) throw new CodedError('INVALID_INPUT', 'An input would be too large.');
  return made;
}
