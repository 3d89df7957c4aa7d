import { type ErrorCode, errorTable } from './error-table.js';

export interface CodedErrorOptions {
  /** When it is worth trying again, in milliseconds from now. */
  retryAfterMs?: number;
  /** Machine-readable facts about the error; must hold nothing confidential. */
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/** The only kind of error whose code and message reach a client. */
export class CodedError extends Error {
  readonly retryAfterMs: number | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: CodedErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CodedError';
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }

  get status(): number {
    return errorTable[this.code].status;
  }
}
