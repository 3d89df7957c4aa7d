import { type ErrorForm, retryHeader } from '../../../common/errors/error-form.js';

/** An error in the form that the protocol asks for: `{"error": "<text>"}`; our code goes beside it in a header. */
export const errorAnswer: ErrorForm = ({ code, status, message, retryAfterMs }) => ({
  status,
  headers: { 'x-nestor-error-code': code, ...retryHeader({ retryAfterMs }) },
  body: JSON.stringify({ error: message }),
});
