import type { ErrorCode } from '../../../common/errors/error-table.js';
import { type ErrorForm, retryHeader } from '../../../common/errors/error-form.js';

/** Feast's own kinds of errors, for those who catch them. */
const classes: Partial<Record<ErrorCode, string>> = {
  NOT_FOUND: 'FeastObjectNotFoundException',
  UNAUTHENTICATED: 'FeastPermissionError',
  FORBIDDEN: 'FeastPermissionError',
};

/**
 * An error as Feast's client reads it and raises it again: a JSON text that holds JSON. Our code goes beside it in a header,
 * and stands before the message, which is all that the client shows.
 */
export const feastErrorForm: ErrorForm = ({ code, status, message, retryAfterMs }) => ({
  status,
  headers: { 'x-nestor-error-code': code, ...retryHeader({ retryAfterMs }) },
  body: JSON.stringify(
    JSON.stringify({ module: 'feast.errors', class: classes[code] ?? 'FeastError', message: `${code}: ${message}` }),
  ),
});
