import type { Datatype } from '../../common/tensor/datatypes.js';

/** One input or output of a model. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  /** Row-major sizes; −1 for a dimension that varies. */
  readonly shape: readonly number[];
}

/** What goes into a model and what comes out, as derived from the file. */
export interface ModelSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}
