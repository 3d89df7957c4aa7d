import { CodedError } from '../../../common/errors/coded-error.js';
import type { StoredTensor, WarmUpKind, WarmUpSample } from '../../registry/serving/serving-policy.js';
import { trialInputs } from '../executor/trial-inputs.rules.js';
import type { ModelContract } from '../prediction/model-contract.js';
import { isGiven, readInputs, rowsOf } from '../prediction/request.rules.js';

/** A sample as a person gives it. */
export interface GivenSample {
  readonly name: string;
  readonly kind: WarmUpKind;
  readonly rows?: number | null | undefined;
  readonly inputs?: unknown;
  readonly records?: unknown;
}

/** Bytes of tensors that one version may be warmed up with. */
const MAX_BYTES = 1024 * 1024;

/**
 * Checks samples against the model, so that what is wrong is said now and not when it is loaded.
 * @param maxJsonElements most elements of one tensor that may come as JSON.
 * @throws {CodedError} INVALID_INPUT, and what `readInputs` throws, naming the sample.
 */
export function warmUpSamples(
  model: ModelContract,
  given: readonly GivenSample[],
  maxJsonElements: number,
): WarmUpSample[] {
  const samples = given.map((sample) => {
    try {
      return sampleOf(model, sample, maxJsonElements);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      throw new CodedError(error.code, `warmUp ${JSON.stringify(sample.name)}: ${error.message}`, { cause: error });
    }
  });
  const twice = samples.find(({ name }, index) => samples.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) {
    throw new CodedError('INVALID_INPUT', `warmUp: there are two samples ${JSON.stringify(twice.name)}.`);
  }
  const bytes = samples.flatMap(({ tensors = [] }) => tensors).reduce((sum, { base64 }) => sum + base64.length, 0);
  if (bytes > MAX_BYTES) {
    throw new CodedError('INVALID_INPUT', `warmUp: the tensors take ${bytes} bytes as base64; at most ${MAX_BYTES}.`);
  }
  return samples;
}

function sampleOf(model: ModelContract, sample: GivenSample, maxJsonElements: number): WarmUpSample {
  const { name, kind, inputs, records } = sample;
  const hasData = isGiven(inputs) || isGiven(records);
  if (kind !== 'DATA') {
    if (hasData) throw new CodedError('INVALID_INPUT', 'inputs and records go with DATA.');
    const rows = sample.rows ?? 1;
    if (trialInputs(model.signature.inputs, rows, 1) === undefined) {
      throw new CodedError('INVALID_INPUT', `rows: an input would be too large with ${rows} of them.`);
    }
    return { name, kind, rows };
  }
  if (isGiven(inputs) === isGiven(records)) {
    throw new CodedError('INVALID_INPUT', 'inputs, records: give exactly one of them.');
  }
  if (isGiven(sample.rows)) throw new CodedError('INVALID_INPUT', 'rows: DATA has as many as were given.');
  const tensors = readInputs(model, { inputs, records }, maxJsonElements);
  const stored = tensors.map(({ name: input, datatype, shape, data }): StoredTensor => {
    const base64 = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
    return { name: input, datatype, shape, base64 };
  });
  return { name, kind, rows: rowsOf(tensors), tensors: stored };
}
