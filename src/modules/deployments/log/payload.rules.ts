import { elementsOf } from '../../../common/tensor/tensor-json.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import { cellsOf, featureRecord, type UsedFeatures } from '../../feature-store/bindings/used-features.rules.js';
import { recordAnswers } from '../../inference/prediction/prediction.rules.js';
import type { Payload, PredictionEntry } from './logged-prediction.js';

/** Elements of the largest tensor that is kept: of larger ones only name, type and shape. Features likewise. */
const MAX_KEPT_ELEMENTS = 4_096;

export interface WrittenPayload {
  /** JSON: a list of tensors. */
  readonly inputs: string | null;
  readonly outputs: string | null;
  readonly label: string | null;
}

/** About what a feature's value takes in memory, with its status and event time, in bytes. */
const CELL_BYTES = 64;

/** Bytes that an entry's payload and features hold in memory. */
export const bytesOf = ({ payload, features }: Pick<PredictionEntry, 'payload' | 'features'>): number =>
  (payload === null ? 0 : tensorBytes(payload)) + (features === null ? 0 : cellsOf(features) * CELL_BYTES);

const tensorBytes = ({ inputs, outputs }: Payload): number =>
  [...inputs, ...outputs].reduce((sum, { data }) => sum + data.byteLength, 0);

/** The features that were used, as JSON. Values only where inputs are kept. */
export function writeFeatures(features: UsedFeatures | null, keepsInputs: boolean): string | null {
  if (features === null) return null;
  const isSmall = cellsOf(features) <= MAX_KEPT_ELEMENTS;
  return JSON.stringify(featureRecord(features, { values: keepsInputs && isSmall, statuses: isSmall }));
}

export function writePayload(payload: Payload | null): WrittenPayload {
  if (payload === null) return { inputs: null, outputs: null, label: null };
  return {
    inputs: JSON.stringify(payload.inputs.map(tensorJson)),
    outputs: JSON.stringify(payload.outputs.map(tensorJson)),
    label: labelOf(payload),
  };
}

function tensorJson(tensor: Tensor) {
  const { name, datatype, shape } = tensor;
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  return { name, datatype, shape, data: count > MAX_KEPT_ELEMENTS ? null : elementsOf(tensor) };
}

/** PostgreSQL's text holds no NUL. */
function labelOf({ contract, outputs, rows }: Payload): string | null {
  if (rows !== 1) return null;
  const [answer] = recordAnswers(contract, outputs, rows, MAX_KEPT_ELEMENTS);
  return answer?.label?.replaceAll('\0', '') ?? null;
}
