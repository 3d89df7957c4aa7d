import { encodeFrame, type Frame, FrameDecoder, FrameError, FrameKind } from '../protocol/frames.js';
import {
  answerMessage,
  type InferAnswer,
  type InferRequest,
  parseAnswer,
  parseRequest,
  requestMessage,
} from '../protocol/messages.js';

/**
 * A job's input and result are stored as the very frames that travel to and from an executor: tensors stay raw, and
 * there is one encoding to keep.
 */
export function encodeJobRequest(request: InferRequest): Buffer {
  const { header, parts } = requestMessage(request);
  return Buffer.concat(encodeFrame(FrameKind.Infer, 0, header, parts));
}

/** @throws {FrameError} where the bytes are not one request. */
export function decodeJobRequest(bytes: Uint8Array): InferRequest {
  const { header, body } = onlyFrame(bytes);
  return parseRequest(header, body);
}

export function encodeJobResult(answer: InferAnswer): Buffer {
  const { outputs, inferenceMs, queueMs, batchRows } = answer;
  const { header, parts } = answerMessage({ outputs, inferenceMs, queueMs, batchRows });
  return Buffer.concat(encodeFrame(FrameKind.Answer, 0, header, parts));
}

/** @throws {FrameError} where the bytes are not one answer. */
export function decodeJobResult(bytes: Uint8Array): InferAnswer {
  const { header, body } = onlyFrame(bytes);
  return parseAnswer(header, body);
}

function onlyFrame(bytes: Uint8Array): Frame {
  const frames: Frame[] = [];
  const decoder = new FrameDecoder();
  decoder.push(bytes, (frame) => frames.push(frame));
  const [frame] = frames;
  if (frame === undefined || frames.length > 1 || !decoder.isAtBoundary) {
    throw new FrameError('What is stored is not one frame.');
  }
  return frame;
}
