import { inspectOnnx } from '../../../src/modules/registry/onnx/onnx-inspection.js';
import type { OnnxLimits, OnnxSummary } from '../../../src/modules/registry/onnx/onnx-summary.js';
import { bufferSource } from '../../../src/modules/registry/onnx/wire-source.js';

/** Limits that every fixture which is to be accepted stays within. */
export const limits: OnnxLimits = { maxBytes: 2 ** 31 - 1, maxNodes: 10_000, maxDepth: 16 };

/** Inspects bytes within those limits, or with some of them changed. */
export function inspect(bytes: Uint8Array, overrides: Partial<OnnxLimits> = {}): Promise<OnnxSummary> {
  return inspectOnnx(bufferSource(bytes), { ...limits, ...overrides });
}
