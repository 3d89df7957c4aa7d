const MAX_LENGTH = 300;

/** `/…/element_wise_ops.h:583 void onnxruntime::BroadcastIterator::Append(ptrdiff_t, ptrdiff_t) ` */
const sourceLocation = /\S+\.(?:cc|h|cpp|cu):\d+ (?:[^()]*::[^()]*\([^()]*\)(?: const)? )?/g;
const errorClass = /\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : /g;
const failedNode = /^.*running (\w+) node\. Name:'([^']*)' Status Message:/s;

/** What ONNX Runtime says about a failure, without places in its source code. One line, without a full stop. */
export function ortReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const clean = text
    .replace(failedNode, (_all, operator: string, name: string) => `${operator}${name === '' ? '' : ` (${name})`}:`)
    .replaceAll(sourceLocation, '')
    .replaceAll(errorClass, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/\.$/, '');
  return clean.length > MAX_LENGTH ? `${clean.slice(0, MAX_LENGTH)}…` : clean;
}

const inputProblem = /Unexpected input data type|Invalid rank for input|Got invalid dimensions for input/;

/** Whether the failure is that an input has the wrong datatype or shape. */
export function isInputProblem(error: unknown): boolean {
  return error instanceof Error && inputProblem.test(error.message);
}

const memoryProblem = /Failed to allocate memory|bad_alloc|bad allocation/;

/** Whether the failure is that memory could not be had. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && memoryProblem.test(error.message);
}
