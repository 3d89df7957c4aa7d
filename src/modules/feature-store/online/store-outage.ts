import { CodedError } from '../../../common/errors/coded-error.js';

/** When it is worth trying again, in milliseconds. */
const RETRY_HINT_MS = 1_000;

/** The store did not answer; `where` it lives is what an operator has to look after. */
export const storeOutage = (where: 'Redis' | 'PostgreSQL', cause: unknown): CodedError =>
  new CodedError('SERVICE_UNAVAILABLE', `The online store cannot be reached: ${where} does not answer. Try again.`, {
    retryAfterMs: RETRY_HINT_MS,
    cause,
  });
