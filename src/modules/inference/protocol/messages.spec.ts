import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../common/errors/coded-error.js';
import { parseAddress } from './address.js';
import { encodeFrame, FrameDecoder, FrameError, FrameKind } from './frames.js';
import {
  answerMessage,
  errorHeader,
  type InferAnswer,
  type InferRequest,
  parseAnswer,
  parseError,
  parseRequest,
  requestMessage,
} from './messages.js';

const request: InferRequest = {
  digest: 'a'.repeat(64),
  batchable: true,
  maxBatchRows: 8,
  deadlineMs: 100,
  outputs: ['y'],
  tensors: [
    { name: 'x', datatype: 'UINT8', shape: [1, 3], data: Uint8Array.of(1, 2, 3) },
    { name: 'z', datatype: 'INT16', shape: [1], data: Uint8Array.of(4, 5) },
  ],
};

const answer: InferAnswer = {
  outputs: [{ name: 'y', datatype: 'UINT8', shape: [1], data: Uint8Array.of(7) }],
  inferenceMs: 1.5,
  queueMs: 0.25,
  batchRows: 3,
};

function overTheWire({ header, parts }: { header: unknown; parts: readonly Uint8Array[] }): [unknown, Uint8Array] {
  let received: [unknown, Uint8Array] | undefined;
  const bytes = Buffer.concat(encodeFrame(FrameKind.Infer, 1, header, parts));
  new FrameDecoder().push(bytes, (frame) => (received = [frame.header, frame.body]));
  if (received === undefined) throw new Error('No frame came out.');
  return received;
}

/** The same with bytes as lists, so that a Buffer equals a Uint8Array. */
function plain(message: InferRequest | InferAnswer): object {
  const list = 'tensors' in message ? message.tensors : message.outputs;
  return {
    ...message,
    tensors: undefined,
    outputs: undefined,
    list: list.map((one) => ({ ...one, data: [...one.data] })),
  };
}

describe('messages', () => {
  it('arrive as they were sent', () => {
    const received = parseRequest(...overTheWire(requestMessage(request)));
    expect(received.outputs).toEqual(request.outputs);
    expect(plain(parseRequest(...overTheWire(requestMessage(request))))).toEqual(plain(request));
    expect(plain(parseAnswer(...overTheWire(answerMessage(answer))))).toEqual(plain(answer));
    const error = new CodedError('OVERLOADED', 'Too much.', { retryAfterMs: 20 });
    expect(parseError(overTheWire({ header: errorHeader(error), parts: [] })[0])).toEqual(error);
    const bare = new CodedError('INVALID_TENSOR', 'No.');
    expect(parseError(overTheWire({ header: errorHeader(bare), parts: [] })[0])).toEqual(bare);
  });

  it.each<[string, object]>([
    ['digest', { digest: 1 }],
    ['batchable', { batchable: 'yes' }],
    ['maxBatchRows', { maxBatchRows: -1 }],
    ['deadlineMs', { deadlineMs: null }],
    ['outputs', { outputs: [1] }],
    ['tensors', { tensors: [{ name: 'x', datatype: 'FP128', shape: [], bytes: 0 }] }],
    ['shape', { tensors: [{ name: 'x', datatype: 'FP32', shape: [-1], bytes: 0 }] }],
    ['data', { tensors: [{ name: 'x', datatype: 'FP32', shape: [1], bytes: 4 }] }],
  ])('refuse a request with a bad %s', (_field, change) => {
    const header = { ...requestMessage(request).header, ...change };
    expect(() => parseRequest(header, new Uint8Array(0))).toThrow(FrameError);
  });

  it('refuse what is no object, no answer and no error', () => {
    expect(() => parseRequest(null, new Uint8Array(0))).toThrow(FrameError);
    expect(() => parseAnswer({ outputs: [], inferenceMs: 1 }, new Uint8Array(0))).toThrow(FrameError);
    expect(() => parseError({ code: 'toString', message: '' })).toThrow(FrameError);
  });
});

describe('addresses', () => {
  it.each([
    ['unix:/tmp/a b.sock', { path: '/tmp/a b.sock' }],
    ['tls://node-1:70', { host: 'node-1', firstPort: 70, lastPort: 70 }],
    ['tls://[::1]:70-79', { host: '::1', firstPort: 70, lastPort: 79 }],
  ])('%s', (address, expected) => {
    expect(parseAddress(address)).toEqual(expected);
  });

  it.each([
    '/tmp/a.sock',
    'tls://node-1',
    'tls://node-1:80-70',
    'tls://::1:70',
    'tls://a:70000',
    'tcp://node-1:80',
    '',
  ])('refuses %j', (address) => {
    expect(() => parseAddress(address)).toThrow('neither unix:/path nor tls://host:port');
  });
});
