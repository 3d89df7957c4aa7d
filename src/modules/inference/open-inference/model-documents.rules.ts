import type { Datatype } from '../../../common/tensor/datatypes.js';
import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import type { TensorSpec } from '../../registry/tensor-spec.js';

/** What the protocol tells of a model: its tensors, with −1 for dimensions that vary. */
export function modelMetadata(target: ServableVersion, versions: readonly number[]) {
  const { inputs, outputs } = target.signature;
  return {
    name: target.model,
    versions: versions.map(String),
    platform: PLATFORM,
    inputs: inputs.map(tensorDocument),
    outputs: outputs.map(tensorDocument),
  };
}

/** Triton's name of what runs the models; its clients look for it. */
const PLATFORM = 'onnxruntime_onnx';

const tensorDocument = ({ name, datatype, shape }: TensorSpec) => ({ name, datatype, shape });

/**
 * The configuration in Triton's form, without which `perf_analyzer` does not begin. Where rows of several requests are
 * joined, the first dimension is the batch's and not told of.
 * @param maxBatchRows most rows of one batch.
 */
export function modelConfiguration({ model, batchable, signature }: ServableVersion, maxBatchRows: number) {
  const entry = ({ name, datatype, shape }: TensorSpec) => ({
    name,
    data_type: configurationTypes[datatype],
    dims: batchable ? shape.slice(1) : shape,
  });
  return {
    name: model,
    platform: PLATFORM,
    backend: 'onnxruntime',
    max_batch_size: batchable ? maxBatchRows : 0,
    input: signature.inputs.map(entry),
    output: signature.outputs.map(entry),
    ...(batchable && { dynamic_batching: {} }),
  };
}

const configurationTypes = {
  BOOL: 'TYPE_BOOL',
  UINT8: 'TYPE_UINT8',
  UINT16: 'TYPE_UINT16',
  UINT32: 'TYPE_UINT32',
  UINT64: 'TYPE_UINT64',
  INT8: 'TYPE_INT8',
  INT16: 'TYPE_INT16',
  INT32: 'TYPE_INT32',
  INT64: 'TYPE_INT64',
  FP16: 'TYPE_FP16',
  FP32: 'TYPE_FP32',
  FP64: 'TYPE_FP64',
  BYTES: 'TYPE_STRING',
} as const satisfies Record<Datatype, string>;
