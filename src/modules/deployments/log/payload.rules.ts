import { elementsOf } from '../../../common/tensor/tensor-json.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import { recordAnswers } from '../../inference/prediction/prediction.rules.js';
import type { Payload } from './logged-prediction.js';

/** Elements of the largest tensor that is kept: of larger ones only name, type and shape. */
const MAX_KEPT_ELEMENTS = 4_096;

export interface WrittenPayload {
  /** JSON: a list of tensors. */
  readonly inputs: string | null;
  readonly outputs: string | null;
  readonly label: string | null;
}

/** Bytes that a payload holds in memory. */
export const bytesOf = ({ inputs, outputs }: Payload): number =>
  [...inputs, ...outputs].reduce((sum, { data }) => sum + data.byteLength, 0);

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
