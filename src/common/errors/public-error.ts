import { randomUUID } from 'node:crypto';
import { HttpException } from '@nestjs/common';
import type { Logger } from 'pino';
import { CodedError } from './coded-error.js';
import { type ErrorCode, errorTable } from './error-table.js';

/** What a client gets to see of an error. */
export interface PublicError {
  readonly code: ErrorCode;
  readonly status: number;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** Set where the cause is not told; the log has the same id beside the cause. */
  readonly errorId?: string;
}

/** Is told of what clients are not: the cause, by the id that they got. */
export type Report = (errorId: string, thrown: unknown) => void;

export function reportTo(logger: Logger): Report {
  return (errorId, thrown) => logger.error({ err: thrown, errorId }, 'unexpected error');
}

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'BAD_REQUEST',
  429: 'RATE_LIMITED',
};

/** Errors of PostgreSQL and of sockets that say "not reachable just now". Class 57P and 08: connection and shutdown. */
const outage = /^(57P0[123]|08\d{3}|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;

/** No room left: SQLSTATE of PostgreSQL, and what the file system says. */
const fullDisk = /^(53100|ENOSPC|EDQUOT)$/;

/**
 * Turns whatever was thrown into what a client may see. Only coded errors and the framework's own refusals of a
 * malformed request speak for themselves; all else becomes `INTERNAL_SERVER_ERROR` with an id that `report` logs.
 */
export function toPublicError(thrown: unknown, report: Report): PublicError {
  if (thrown instanceof CodedError) {
    return {
      code: thrown.code,
      status: thrown.status,
      message: thrown.message,
      retryAfterMs: thrown.retryAfterMs,
      details: thrown.details,
    };
  }
  const status = refusalStatus(thrown);
  const code = status === undefined ? undefined : codeOfStatus[status];
  if (status !== undefined && code !== undefined && thrown instanceof Error) {
    return { code, status, message: thrown.message };
  }
  const errorId = randomUUID();
  report(errorId, thrown);
  const condition = conditions.find(({ applies }) => isCausedBy(thrown, applies));
  if (condition !== undefined) {
    const { code: conditionCode, message, retryAfterMs } = condition;
    return { code: conditionCode, status: errorTable[conditionCode].status, message, retryAfterMs, errorId };
  }
  const message = `Something failed inside. The log has the cause under errorId ${errorId}.`;
  return { code: 'INTERNAL_SERVER_ERROR', status: 500, message, errorId };
}

/** The status of an error by which Nest or Fastify refuses a request; both word those for clients. */
function refusalStatus(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (thrown instanceof Error && 'statusCode' in thrown && 'code' in thrown && String(thrown.code).startsWith('FST_')) {
    return Number(thrown.statusCode);
  }
  return undefined;
}

/** What the driver and TypeORM say when the connection broke off under a query or a transaction. */
const brokenConnection =
  /Connection terminated|Connection is closed|Connection ended|timeout exceeded when trying to connect|is not queryable|query runner (was )?already released|Transaction is not started|Driver not Connected/i;

/** A state of what Nestor stands on, which a client should know of and an operator can mend. */
interface Condition {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly applies: (error: Error, code: string) => boolean;
}

const conditions: readonly Condition[] = [
  {
    code: 'STORAGE_FULL',
    message: 'The disk of the database or of the state folder has no room left. Free disk space, then try again.',
    applies: (_error, code) => fullDisk.test(code),
  },
  {
    code: 'SERVICE_UNAVAILABLE',
    message: 'A part that this needs is not reachable at the moment. Try again shortly.',
    retryAfterMs: 1_000,
    applies: saysOutage,
  },
];

/** Whether something that Nestor stands on could not be reached, as told by an error or by one that caused it. */
export const isOutage = (thrown: unknown): boolean => isCausedBy(thrown, saysOutage);

function saysOutage({ message }: Error, code: string): boolean {
  return outage.test(code) || brokenConnection.test(message);
}

/** Whether the condition applies to an error or to one that caused it. */
function isCausedBy(thrown: unknown, applies: Condition['applies']): boolean {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; depth += 1) {
    if (applies(error, 'code' in error ? String(error.code) : '')) return true;
    if (error instanceof AggregateError && error.errors.some((part) => isCausedBy(part, applies))) return true;
    // TypeORM keeps what the driver said under a name of its own.
    error = 'driverError' in error ? error.driverError : error.cause;
  }
  return false;
}
