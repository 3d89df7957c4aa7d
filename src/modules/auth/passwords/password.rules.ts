import { CodedError } from '../../../common/errors/coded-error.js';

/** NIST SP 800-63B and OWASP ASVS 5.0 (6.2.1, 6.2.9): length is what counts; no rules of composition. */
export const PASSWORD_MIN_LENGTH = 12;

/** Far above any password; keeps the hash's input small. */
export const PASSWORD_MAX_LENGTH = 1_024;

/** Compatible forms of a character are one, so that a password typed on another keyboard still fits (NIST SP 800-63B). */
export const normalizePassword = (password: string): string => password.normalize('NFKC');

/**
 * Refuses a password that is too short, too long, or the account's own e-mail.
 * @throws {CodedError} INVALID_INPUT
 */
export function assertAcceptablePassword(password: string, email: string): void {
  const { length } = Array.from(normalizePassword(password));
  if (length < PASSWORD_MIN_LENGTH) {
    throw new CodedError('INVALID_INPUT', `password: needs at least ${PASSWORD_MIN_LENGTH} characters.`);
  }
  if (length > PASSWORD_MAX_LENGTH) {
    throw new CodedError('INVALID_INPUT', `password: may have at most ${PASSWORD_MAX_LENGTH} characters.`);
  }
  if (normalizePassword(password).toLowerCase() === email) {
    throw new CodedError('INVALID_INPUT', 'password: must not be the e-mail of the account.');
  }
}
