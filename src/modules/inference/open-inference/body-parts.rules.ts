import { CodedError } from '../../../common/errors/coded-error.js';

/** Length in bytes of the JSON in front of the binary tensors, in requests and answers alike. */
export const JSON_LENGTH_HEADER = 'inference-header-content-length';

/** A body of the binary tensor data extension. */
export interface BodyParts {
  /** Undefined for a raw body: all of it is the data of the one input. */
  readonly json: unknown;
  readonly binary: Uint8Array;
}

/**
 * Takes a body apart into its JSON and the tensors behind it.
 * @param header value of `Inference-Header-Content-Length`; without it all of the body is JSON, with 0 none of it is.
 * @throws {CodedError} BAD_REQUEST where the header is out of range or the JSON is none.
 */
export function splitBody(body: Buffer, header: string | undefined): BodyParts {
  const length = header === undefined ? body.byteLength : jsonLength(header, body.byteLength);
  const binary = body.subarray(length);
  return { json: length === 0 ? undefined : parseJson(body.toString('utf8', 0, length)), binary };
}

function jsonLength(header: string, bodyLength: number): number {
  const length = /^\d{1,15}$/.test(header) ? Number(header) : undefined;
  if (length !== undefined && length <= bodyLength) return length;
  throw new CodedError(
    'BAD_REQUEST',
    `Inference-Header-Content-Length: give the length of the JSON in bytes, 0 to ${bodyLength} for this body.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CodedError('BAD_REQUEST', `The body is not JSON: ${cause instanceof Error ? cause.message : ''}.`, {
      cause,
    });
  }
}
