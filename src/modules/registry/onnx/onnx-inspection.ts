import { CodedError } from '../../../common/errors/coded-error.js';
import { foreignFormat } from './foreign-formats.rules.js';
import { walkMessage, WalkLimitError } from './message-walker.js';
import { modelMessage } from './model-messages.js';
import { limitExceeded, notOnnx, OnnxInspection } from './onnx-inspection.state.js';
import type { OnnxLimits, OnnxSummary } from './onnx-summary.js';
import { MalformedWireError, WireReader } from './wire-reader.js';
import { withFileSource, type WireSource } from './wire-source.js';

/**
 * Most protobuf fields of a file, about two seconds of one core. Forests exported by scikit-learn have the most: some
 * ten fields for each node of a tree.
 */
const MAX_FIELDS = 50_000_000;

/** Bytes looked at to name a format that is not ONNX. */
const SIGNATURE_BYTES = 16;

/**
 * Checks the structure of a model file before any runtime sees it, in memory that does not depend on its size: weights
 * are skipped, not read. Nothing is said about whether the operators fit together; loading the model tells that.
 * @throws CodedError MODEL_NOT_ONNX, MODEL_EXTERNAL_DATA, MODEL_UNKNOWN_DOMAIN, MODEL_TOO_LARGE or MODEL_LIMIT_EXCEEDED
 * for what is in the file, and the error of the file system when it cannot be read.
 */
export async function inspectOnnxFile(path: string, limits: OnnxLimits): Promise<OnnxSummary> {
  return withFileSource(path, (source) => inspectOnnx(source, limits));
}

/** The same for bytes from any source. */
export async function inspectOnnx(source: WireSource, limits: OnnxLimits): Promise<OnnxSummary> {
  const { size } = source;
  const { maxBytes } = limits;
  if (size > maxBytes) {
    throw new CodedError(
      'MODEL_TOO_LARGE',
      `The model file has ${size} bytes; at most ${maxBytes} are allowed. Make the model smaller (for example by quantization), or ask the operator to raise the limit.`,
      { details: { bytes: size, maxBytes } },
    );
  }
  if (size === 0) throw notOnnx('it is empty');
  const head = new Uint8Array(SIGNATURE_BYTES);
  const format = foreignFormat(head.subarray(0, await source.read(head, 0)));
  if (format !== undefined) throw notOnnx(`it is ${format}`);

  const inspection = new OnnxInspection(limits);
  try {
    await walkMessage(new WireReader(source), size, modelMessage(inspection), { maxFields: MAX_FIELDS });
  } catch (error) {
    if (error instanceof MalformedWireError) throw notOnnx(error.message, { position: error.position });
    if (error instanceof WalkLimitError) throw limitExceeded(`has ${error.message}`, {});
    throw error;
  }
  return inspection.summarize(size);
}
