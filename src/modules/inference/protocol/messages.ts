import { CodedError } from '../../../common/errors/coded-error.js';
import { type ErrorCode, errorTable } from '../../../common/errors/error-table.js';
import { type Datatype, isDatatype } from '../../../common/tensor/datatypes.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import { alignedLength, FrameError } from './frames.js';

/** A tensor without its data, which follows in the body of the frame. */
interface TensorHeader {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Bytes of data, without padding. */
  readonly bytes: number;
}

/** What an executor must know of a model to run it. */
export interface ModelDescriptor {
  /**
   * Whether rows of several callers may be joined along the first dimension. Found out by `inspectModel`, never assumed.
   */
  readonly batchable: boolean;
  /** Most rows of one batch of this model, where it is fewer than the executor allows. */
  readonly maxBatchRows?: number | undefined;
  /** How long a batch that is not full may wait for more requests, in milliseconds; at most half of their deadline. */
  readonly batchDelayMs?: number | undefined;
  /** Of the requests of one model the lowest number runs first; absent is 1. */
  readonly priority?: number | undefined;
}

export interface InferRequest extends ModelDescriptor {
  /** SHA-256 of the model file, 64 hexadecimal digits. */
  readonly digest: string;
  /** Time left for this request when it was sent, in milliseconds. */
  readonly deadlineMs: number;
  /** Names of the outputs that are wanted; all of them when absent. */
  readonly outputs?: readonly string[] | undefined;
  readonly tensors: readonly Tensor[];
}

type InferRequestHeader = Omit<InferRequest, 'tensors'> & { readonly tensors: readonly TensorHeader[] };

export interface InferAnswer {
  readonly outputs: readonly Tensor[];
  /** Time that the run took, of the whole batch, in milliseconds. */
  readonly inferenceMs: number;
  /** Time from the arrival in the executor's loop to the start of the run, in milliseconds. */
  readonly queueMs: number;
  /** Rows of the batch in which the request ran. */
  readonly batchRows: number;
}

interface InferAnswerHeader extends Omit<InferAnswer, 'outputs'> {
  readonly outputs: readonly TensorHeader[];
}

interface ErrorHeader {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

/** Header and body parts of a frame, to be given to `encodeFrame`. */
export interface Message<Header> {
  readonly header: Header;
  readonly parts: readonly Uint8Array[];
}

export function requestMessage(request: InferRequest): Message<InferRequestHeader> {
  return { header: { ...request, tensors: request.tensors.map(headerOf) }, parts: request.tensors.map(dataOf) };
}

export function answerMessage(answer: InferAnswer): Message<InferAnswerHeader> {
  return { header: { ...answer, outputs: answer.outputs.map(headerOf) }, parts: answer.outputs.map(dataOf) };
}

export function errorHeader({ code, message, retryAfterMs }: CodedError): ErrorHeader {
  return { code, message, retryAfterMs };
}

/** @throws {FrameError} where header and body are not a request. */
export function parseRequest(header: unknown, body: Uint8Array): InferRequest {
  if (!isRequestHeader(header)) throw new FrameError('A request frame lacks a field.');
  const { digest, batchable, maxBatchRows, batchDelayMs, priority, deadlineMs, outputs, tensors } = header;
  const descriptor = { batchable, maxBatchRows, batchDelayMs, priority };
  return { digest, ...descriptor, deadlineMs, outputs, tensors: parseTensors(tensors, body) };
}

/** @throws {FrameError} where header and body are not an answer. */
export function parseAnswer(header: unknown, body: Uint8Array): InferAnswer {
  if (!isAnswerHeader(header)) throw new FrameError('An answer frame lacks a field.');
  const { inferenceMs, queueMs, batchRows, outputs } = header;
  return { inferenceMs, queueMs, batchRows, outputs: parseTensors(outputs, body) };
}

/** @throws {FrameError} where the header is not that of an error. */
export function parseError(header: unknown): CodedError {
  if (!isErrorHeader(header)) throw new FrameError('An error frame lacks a field.');
  const { code, message, retryAfterMs } = header;
  return new CodedError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
}

function headerOf({ name, datatype, shape, data }: Tensor): TensorHeader {
  return { name, datatype, shape, bytes: data.byteLength };
}

function dataOf(tensor: Tensor): Uint8Array {
  return tensor.data;
}

function parseTensors(headers: readonly TensorHeader[], body: Uint8Array): Tensor[] {
  let offset = 0;
  return headers.map(({ name, datatype, shape, bytes }) => {
    const start = offset;
    offset += alignedLength(bytes);
    if (offset > body.byteLength) throw new FrameError('A frame has less data than its header says.');
    return { name, datatype, shape, data: body.subarray(start, start + bytes) };
  });
}

type Fields<Header> = Partial<Record<keyof Header, unknown>>;

function isRequestHeader(header: unknown): header is InferRequestHeader {
  const fields = fieldsOf<InferRequestHeader>(header);
  return (
    typeof fields.digest === 'string' &&
    typeof fields.batchable === 'boolean' &&
    isCountOrAbsent(fields.maxBatchRows) &&
    isCountOrAbsent(fields.batchDelayMs) &&
    isCountOrAbsent(fields.priority) &&
    typeof fields.deadlineMs === 'number' &&
    (fields.outputs === undefined || (Array.isArray(fields.outputs) && fields.outputs.every(isText))) &&
    areTensorHeaders(fields.tensors)
  );
}

function isAnswerHeader(header: unknown): header is InferAnswerHeader {
  const fields = fieldsOf<InferAnswerHeader>(header);
  const numbers = [fields.inferenceMs, fields.queueMs, fields.batchRows];
  return numbers.every((value) => typeof value === 'number') && areTensorHeaders(fields.outputs);
}

function isErrorHeader(header: unknown): header is ErrorHeader {
  const fields = fieldsOf<ErrorHeader>(header);
  const isKnown = typeof fields.code === 'string' && Object.hasOwn(errorTable, fields.code);
  const hasHint = fields.retryAfterMs === undefined || typeof fields.retryAfterMs === 'number';
  return isKnown && hasHint && typeof fields.message === 'string';
}

function areTensorHeaders(headers: unknown): headers is readonly TensorHeader[] {
  return Array.isArray(headers) && headers.every(isTensorHeader);
}

function isTensorHeader(header: unknown): header is TensorHeader {
  const { name, datatype, shape, bytes } = fieldsOf<TensorHeader>(header);
  return isText(name) && isDatatype(datatype) && isCount(bytes) && Array.isArray(shape) && shape.every(isCount);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCountOrAbsent(value: unknown): boolean {
  return value === undefined || isCount(value);
}

function fieldsOf<Header>(header: unknown): Fields<Header> {
  return typeof header === 'object' && header !== null ? header : {};
}
