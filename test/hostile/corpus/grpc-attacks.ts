import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { type MethodName, openInferenceService } from '../../../src/modules/inference/open-inference/grpc/protocol.js';
import type { Attack, Outcome, Target } from './attack.js';

interface Sent {
  readonly method?: MethodName;
  readonly headers?: Readonly<Record<string, string>>;
  /** Path of the method, where it is none of ours. */
  readonly path?: string;
}

/** One that infers by the model `simple` unless said otherwise. @param request a message, or what is sent in its place. */
function grpc(
  what: string,
  code: string,
  request: object,
  { method = 'ModelInfer', headers, path }: Sent = {},
): Attack {
  const known = openInferenceService[method];
  if (known === undefined) throw new Error(`There is no method ${method}.`);
  const bytes = (): Buffer => (Buffer.isBuffer(request) ? request : known.requestSerialize(request));
  return { what, code, send: (target) => call(target, path ?? known.path, bytes(), headers ?? target.key) };
}

function call(
  { grpcPort }: Target,
  path: string,
  request: Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const client = new Client(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const options = { deadline: Date.now() + 30_000 };
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      request,
      metadata,
      options,
      (error) => {
        client.close();
        resolve(error === null ? { code: 'OK', text: '' } : outcomeOf(error));
      },
    );
  });
}

function outcomeOf({ code, details, metadata }: ServiceError): Outcome {
  return { code: metadata.get('x-nestor-error-code')[0]?.toString() ?? `status ${code}`, text: details };
}

const ones = Array.from({ length: 16 }, () => 1);
const input = (name: string) => ({ name, datatype: 'INT32', shape: [1, 16], contents: { int_contents: ones } });
const bare = (name: string) => ({ name, datatype: 'INT32', shape: [1, 16] });
const simple = { model_name: 'simple', inputs: [input('INPUT0'), input('INPUT1')] };
const withSecond = (change: object) => ({ ...simple, inputs: [input('INPUT0'), { ...input('INPUT1'), ...change }] });
const raw = (...parts: readonly Uint8Array[]) => ({
  model_name: 'simple',
  inputs: [bare('INPUT0'), bare('INPUT1')],
  raw_input_contents: parts,
});
const strings = (data: Uint8Array) => ({
  model_name: 'strings',
  inputs: [{ name: 'input', datatype: 'BYTES', shape: [1, 4] }],
  raw_input_contents: [data],
});
const bytes64 = Buffer.alloc(64);
const sharedMemory = { shared_memory_region: { string_param: 'system' }, shared_memory_byte_size: { int64_param: 64 } };

/** The tag of an unknown field that begins a group (wire type 3), over and over: a stack overflow for careless readers. */
const nestedGroups = Buffer.alloc(500_000, Buffer.from([0xfb, 0x01]));

/** Calls of the Open Inference Protocol over gRPC. */
export const grpcAttacks: readonly Attack[] = [
  grpc('nothing at all', 'MODEL_NOT_FOUND', {}),
  grpc('bytes that are no message', 'BAD_REQUEST', Buffer.from([0xff, 0xff, 0xff, 0xff])),
  grpc('a field that runs over the end', 'MODEL_NOT_FOUND', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])),
  grpc('a name that is no UTF-8', 'MODEL_NOT_FOUND', Buffer.from([0x0a, 0x02, 0xff, 0xfe])),
  grpc('groups that are nested without end', 'BAD_REQUEST', nestedGroups),
  grpc('a message above the limit', 'status 8', Buffer.alloc(3_000_000)),
  grpc('an input too few', 'INVALID_TENSOR', { ...simple, inputs: [input('INPUT0')] }),
  grpc('an input twice', 'INVALID_TENSOR', { ...simple, inputs: [input('INPUT0'), input('INPUT0')] }),
  grpc('ten thousand inputs', 'INVALID_TENSOR', {
    ...simple,
    inputs: Array.from({ length: 10_000 }, () => bare('INPUT0')),
  }),
  grpc('ten thousand outputs', 'INVALID_TENSOR', {
    ...simple,
    outputs: Array.from({ length: 10_000 }, () => ({ name: 'OUTPUT0' })),
  }),
  grpc('the wrong datatype', 'INVALID_TENSOR', withSecond({ datatype: 'FP32' })),
  grpc('a datatype from the prototype', 'INVALID_TENSOR', withSecond({ datatype: 'constructor' })),
  grpc('a negative dimension', 'INVALID_TENSOR', withSecond({ shape: [-1, 16] })),
  grpc('dimensions whose product overflows', 'INVALID_TENSOR', withSecond({ shape: [2 ** 52, 2 ** 52] })),
  grpc(
    'a hundred thousand dimensions',
    'INVALID_TENSOR',
    withSecond({ shape: Array.from({ length: 100_000 }, () => 1) }),
  ),
  grpc('a shape of terabytes', 'TENSOR_TOO_LARGE', withSecond({ shape: [2 ** 40, 16] })),
  grpc('elements too few', 'INVALID_TENSOR', withSecond({ contents: { int_contents: [1] } })),
  grpc(
    'elements in the field of another datatype',
    'INVALID_TENSOR',
    withSecond({ contents: { fp32_contents: ones } }),
  ),
  grpc('no elements', 'INVALID_TENSOR', withSecond({ contents: undefined })),
  grpc('raw contents for one input of two', 'INVALID_TENSOR', raw(bytes64)),
  grpc('raw contents for three inputs of two', 'INVALID_TENSOR', raw(bytes64, bytes64, bytes64)),
  grpc('raw contents too short', 'INVALID_TENSOR', raw(bytes64, bytes64.subarray(1))),
  grpc('raw contents too long', 'INVALID_TENSOR', raw(bytes64, Buffer.alloc(68))),
  grpc('raw contents that are empty', 'INVALID_TENSOR', raw(bytes64, Buffer.alloc(0))),
  grpc('both contents and raw contents', 'INVALID_TENSOR', { ...simple, raw_input_contents: [bytes64, bytes64] }),
  grpc('a string longer than all bytes', 'INVALID_TENSOR', strings(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x61]))),
  grpc('strings too few', 'INVALID_TENSOR', strings(Buffer.from([1, 0, 0, 0, 0x61]))),
  grpc('strings too many', 'INVALID_TENSOR', strings(Buffer.alloc(4 * 100_000))),
  grpc('an input in shared memory', 'INVALID_INPUT', withSecond({ contents: undefined, parameters: sharedMemory })),
  grpc('an output into shared memory', 'INVALID_INPUT', {
    ...simple,
    outputs: [{ name: 'OUTPUT0', parameters: sharedMemory }],
  }),
  grpc('a sequence', 'INVALID_INPUT', { ...simple, parameters: { sequence_id: { int64_param: 7 } } }),
  grpc('a timeout below zero', 'INVALID_INPUT', { ...simple, parameters: { timeout: { int64_param: -1 } } }),
  grpc('a timeout that is text', 'INVALID_INPUT', { ...simple, parameters: { timeout: { string_param: 'soon' } } }),
  grpc('a parameter without a value', 'OK', { ...simple, parameters: { timeout: {} } }),
  grpc('a parameter from the prototype', 'OK', { ...simple, parameters: { ['__proto__']: { string_param: 'x' } } }),
  grpc('an id of a megabyte', 'INVALID_INPUT', { ...simple, id: 'x'.repeat(1_000_000) }),
  grpc('an unknown model', 'MODEL_NOT_FOUND', { ...simple, model_name: 'nothing' }),
  grpc('a version that is a word', 'MODEL_NOT_FOUND', { ...simple, model_version: 'latest' }),
  grpc('a method that does not exist', 'status 12', simple, {
    path: '/inference.GRPCInferenceService/CudaSharedMemoryRegister',
  }),
  grpc('a service that does not exist', 'status 12', simple, { path: '/admin.Service/Shutdown' }),
  grpc('no credentials', 'UNAUTHENTICATED', simple, { headers: {} }),
  grpc('credentials that are made up', 'UNAUTHENTICATED', simple, { headers: { authorization: 'Bearer a.b.c' } }),
];
