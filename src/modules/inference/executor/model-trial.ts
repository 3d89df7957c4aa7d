import { CodedError } from '../../../common/errors/coded-error.js';
import { float16ToNumber } from '../../../common/tensor/float16.js';
import { elementArray, type Tensor } from '../../../common/tensor/tensor.js';
import type { ModelInspection, TensorSignature } from '../protocol/control.js';
import { joinInputs, NotSplittable, type RunOutput, sliceRows, wholeOutput } from './batching.rules.js';
import type { ModelSession } from './model-session.js';
import { isOutOfMemory } from './ort-reason.rules.js';
import { seededRandom, trialInputs } from './trial-inputs.rules.js';

const TRIAL_ROWS = 3;
/** Tried in turn for the dimensions that vary beside the first: convolutions need larger ones than most. */
const TRIAL_SIZES = [4, 32, 224];
/** How far floats may differ, relative to their size or in absolute terms: kernels for one row and for many round differently. */
const TOLERANCE = 1e-4;

/**
 * Finds out the signature of a model and, by running it, whether rows of several callers may be joined.
 * @throws {CodedError} MODEL_UNSUPPORTED where it has inputs or outputs that cannot be served, MODEL_LOAD_FAILED where
 *   a small row already takes more memory than there is.
 */
export async function inspectSession(session: ModelSession): Promise<ModelInspection> {
  const [inputs, outputs] = [session.inputs(), session.outputs()];
  const rowsVary = inputs.length > 0 && [...inputs, ...outputs].every(({ shape }) => shape[0] === -1);
  const sizesVary = inputs.some(({ shape }) => shape.slice(1).includes(-1));
  const sizes = sizesVary ? TRIAL_SIZES : [1];
  for (const size of sizes) {
    const judge = size === sizes[0] ? refuseOutOfMemory : acceptFailure;
    const rows = makeRows(inputs, size);
    // A model that allows no batches is run all the same: one that crashes or hangs is found now and not when it serves.
    const answers = rows === undefined ? undefined : await runEach(session, rowsVary ? rows : rows.slice(0, 1), judge);
    if (rows === undefined || answers === undefined) continue;
    return { inputs, outputs, batchable: rowsVary && (await joinsTo(session, rows, answers)) };
  }
  return { inputs, outputs, batchable: false };
}

/** Decides what a failed trial run means; throws where the model is to be refused. */
type Judge = (failure: CodedError) => void;

const acceptFailure: Judge = () => undefined;

const refuseOutOfMemory: Judge = ({ cause, message }) => {
  if (isOutOfMemory(cause)) {
    throw new CodedError('MODEL_LOAD_FAILED', `The model needs more memory than an executor has. ${message}`);
  }
};

type Row = readonly Tensor[];

function makeRows(inputs: readonly TensorSignature[], size: number): readonly Row[] | undefined {
  const random = seededRandom(42);
  const rows = Array.from({ length: TRIAL_ROWS }, () => trialInputs(inputs, 1, size, random));
  return rows.every((row) => row !== undefined) ? rows : undefined;
}

async function runEach(
  session: ModelSession,
  rows: readonly Row[],
  judge: Judge,
): Promise<(readonly RunOutput[])[] | undefined> {
  const answers: (readonly RunOutput[])[] = [];
  for (const row of rows) {
    const outputs = await tryRun(session, row, judge);
    if (outputs === undefined) return undefined;
    answers.push(outputs);
  }
  return answers;
}

async function joinsTo(
  session: ModelSession,
  rows: readonly Row[],
  answers: readonly (readonly RunOutput[])[],
): Promise<boolean> {
  const joined = await tryRun(session, joinInputs(rows, TRIAL_ROWS), acceptFailure);
  return (
    joined !== undefined &&
    answers.every((outputs, row) => outputs.every((output, index) => isRowOf(joined[index], row, output)))
  );
}

function isRowOf(joined: RunOutput | undefined, row: number, expected: RunOutput): boolean {
  if (joined === undefined) return false;
  try {
    return isClose(sliceRows(joined, row, 1, TRIAL_ROWS), wholeOutput(expected));
  } catch (error) {
    if (error instanceof NotSplittable) return false;
    throw error;
  }
}

async function tryRun(
  session: ModelSession,
  inputs: Row | undefined,
  judge: Judge,
): Promise<readonly RunOutput[] | undefined> {
  if (inputs === undefined) return undefined;
  try {
    return (await session.run(inputs)).outputs;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    judge(error);
    return undefined;
  }
}

function isClose(left: Tensor, right: Tensor): boolean {
  const sameForm = left.shape.join() === right.shape.join() && left.data.byteLength === right.data.byteLength;
  if (!sameForm) return false;
  if (!left.datatype.startsWith('FP')) return Buffer.compare(left.data, right.data) === 0;
  const [lefts, rights] = [floatsOf(left), floatsOf(right)];
  return lefts.every((value, index) => isCloseNumber(value, rights[index] ?? NaN));
}

function floatsOf(tensor: Tensor): number[] {
  const numbers = Array.from(elementArray(tensor), Number);
  return tensor.datatype === 'FP16' ? numbers.map(float16ToNumber) : numbers;
}

function isCloseNumber(left: number, right: number): boolean {
  if (Object.is(left, right) || left === right) return true;
  return Math.abs(left - right) <= TOLERANCE * Math.max(1, Math.abs(left), Math.abs(right));
}
