import { CodedError } from '../../../common/errors/coded-error.js';
import type { JsonObject } from '../../../common/json/json-object.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { ModelContract } from './model-contract.js';
import { recordsToTensors } from './records.rules.js';
import { readTensors, shorten } from './tensors.rules.js';

/** How output tensors are written into the answer. */
export const tensorEncodings = ['JSON', 'BASE64'] as const;
export type TensorEncoding = (typeof tensorEncodings)[number];

/** A request for a prediction as it came in: GraphQL proved the types of the named scalars, nothing else is proven. */
export interface PredictionRequest {
  /** Name of the registered model. Exactly one of this, `deployment` and `endpoint` is given. */
  readonly model?: string | null | undefined;
  /** Name of the deployment that chooses the model version. */
  readonly deployment?: string | null | undefined;
  /** Name of a deployment or else of a model: for protocols that know only one kind of name. */
  readonly endpoint?: string | null | undefined;
  /** Requests with the same key are answered by the same variant of a deployment. */
  readonly stickyKey?: string | null | undefined;
  readonly version?: number | null | undefined;
  readonly alias?: string | null | undefined;
  readonly inputs?: unknown;
  readonly records?: unknown;
  /** Join keys of entities whose features are the inputs. */
  readonly entities?: readonly JsonObject[] | null | undefined;
  /** With `entities`: fields for on-demand features that hold for all of them. */
  readonly request?: JsonObject | null | undefined;
  readonly outputs?: readonly string[] | null | undefined;
  readonly encoding?: TensorEncoding | null | undefined;
  readonly timeoutMs?: number | null | undefined;
  /** 1 is the highest; how many there are is the model's. */
  readonly priority?: number | null | undefined;
  readonly requestId?: string | null | undefined;
}

export interface PredictionLimits {
  readonly maxJsonElements: number;
  readonly defaultTimeoutMs: number;
  readonly maxTimeoutMs: number;
}

const MAX_REQUEST_ID_LENGTH = 128;
const MAX_STICKY_KEY_LENGTH = 256;

/** What does not depend on the model. @throws {CodedError} INVALID_INPUT. */
export function checkRequest(request: PredictionRequest, limits: PredictionLimits): { timeoutMs: number } {
  checkTarget(request);
  if (isGiven(request.version) && isGiven(request.alias)) {
    throw new CodedError('INVALID_INPUT', 'version, alias: give one of them, or neither for the default version.');
  }
  checkSource(request);
  if (isGiven(request.requestId)) checkKey('requestId', request.requestId, MAX_REQUEST_ID_LENGTH);
  const timeoutMs = request.timeoutMs ?? limits.defaultTimeoutMs;
  if (timeoutMs < 1 || timeoutMs > limits.maxTimeoutMs) {
    throw new CodedError('INVALID_INPUT', `timeoutMs: is ${timeoutMs}; give 1 to ${limits.maxTimeoutMs} milliseconds.`);
  }
  return { timeoutMs };
}

function checkSource({ inputs, records, entities, request }: PredictionRequest): void {
  if (isGiven(entities)) {
    if (!isGiven(inputs) && !isGiven(records)) return;
    throw new CodedError('INVALID_INPUT', 'entities: go without inputs and records, as features are the inputs then.');
  }
  if (isGiven(inputs) === isGiven(records)) {
    throw new CodedError('INVALID_INPUT', 'inputs, records: give exactly one of them.');
  }
  if (isGiven(request)) throw new CodedError('INVALID_INPUT', 'request: goes with entities.');
}

/** @throws {CodedError} INVALID_INPUT. */
export function checkPriority(priority: number | null | undefined): void {
  if (isGiven(priority) && !(Number.isSafeInteger(priority) && priority >= 1)) {
    throw new CodedError('INVALID_INPUT', `priority: is ${priority}; give a whole number from 1, the highest.`);
  }
}

function checkTarget({ model, deployment, endpoint, version, alias, stickyKey }: PredictionRequest): void {
  if (Number(isGiven(model)) + Number(isGiven(deployment)) + Number(isGiven(endpoint)) !== 1) {
    throw new CodedError('INVALID_INPUT', 'model, deployment: give exactly one of them.');
  }
  if (isGiven(deployment) && (isGiven(version) || isGiven(alias))) {
    throw new CodedError('INVALID_INPUT', 'version, alias: go with a model; a deployment chooses the version itself.');
  }
  if (!isGiven(stickyKey)) return;
  if (isGiven(model)) throw new CodedError('INVALID_INPUT', 'stickyKey: goes with a deployment, not with a model.');
  checkKey('stickyKey', stickyKey, MAX_STICKY_KEY_LENGTH);
}

/** What the caller named, whichever kind of name it is. */
export const nameIn = ({ model, deployment, endpoint }: PredictionRequest): string =>
  model ?? deployment ?? endpoint ?? '';

/** @throws {CodedError} INVALID_INPUT unless it is a short text that a database can hold. */
export function checkKey(name: string, text: string, maxLength: number): void {
  if (text === '' || text.length > maxLength || /\p{Cc}/u.test(text)) {
    throw new CodedError('INVALID_INPUT', `${name}: give 1 to ${maxLength} characters, without control characters.`);
  }
}

/**
 * The model's input tensors, of tensors or records.
 * @throws {CodedError} INVALID_TENSOR, INVALID_RECORD, TENSOR_TOO_LARGE.
 */
export function readInputs(model: ModelContract, request: PredictionRequest, maxJsonElements: number): Tensor[] {
  return isGiven(request.records)
    ? recordsToTensors(model, request.records, maxJsonElements)
    : readTensors(model.signature.inputs, request.inputs, maxJsonElements);
}

/**
 * The names of the outputs that are wanted, or undefined for all.
 * @throws {CodedError} INVALID_TENSOR for a name the model does not have, or one that is given twice.
 */
export function readOutputNames(
  model: ModelContract,
  names: readonly string[] | null | undefined,
): string[] | undefined {
  if (!isGiven(names)) return undefined;
  const known = new Set(model.signature.outputs.map((output) => output.name));
  const wanted = new Set<string>();
  for (const name of names) {
    if (!known.has(name)) {
      throw new CodedError(
        'INVALID_TENSOR',
        `outputs: the model has no output ${JSON.stringify(shorten(name))}; it has ${[...known].join(', ')}.`,
      );
    }
    if (wanted.has(name)) throw new CodedError('INVALID_TENSOR', `outputs: ${JSON.stringify(name)} is named twice.`);
    wanted.add(name);
  }
  if (wanted.size === 0) throw new CodedError('INVALID_TENSOR', 'outputs: name at least one, or leave the list out.');
  return [...wanted];
}

/** Number of rows that the inputs hold: their common first dimension, 1 where they have none. */
export function rowsOf(tensors: readonly Tensor[]): number {
  return tensors[0]?.shape[0] ?? 1;
}

export function isGiven<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}
