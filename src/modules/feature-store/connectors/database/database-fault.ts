import pg from 'pg';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { isCertificateFault } from '../certificate-fault.js';

/** Longest message of a database that is passed on, in UTF-16 code units. */
const MAX_MESSAGE = 300;

/**
 * SQLSTATEs of what passes: connections, resources, operator's interventions and system errors by their class, and a
 * transaction that lost against others. A violation of the protocol (08P01) is a parameter in the query.
 */
const passing = /^(08(?!P01)|53|57|58|40|55006|25P03|XX000)/;

/** What the driver says where a server asks for a password and there is none. */
const NO_PASSWORD = /password must be a (non-empty )?string/;

/** The statement was ended by its time limit, or by an operator. */
const CANCELED = '57014';

/** What a database, or the way to it, said. @param host for the message. */
export function databaseFault(error: unknown, host: string): CodedError {
  if (error instanceof CodedError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof pg.DatabaseError)) {
    if (NO_PASSWORD.test(message)) {
      return new CodedError(
        'SOURCE_FAILED',
        `The database at ${host} asks for a password. Give it as the secret password by updateDataSource.`,
        { cause: error },
      );
    }
    return isCertificateFault(error)
      ? new CodedError('SOURCE_FAILED', `The database at ${host} is not trusted: ${shortened(message)}.`, {
          cause: error,
        })
      : new CodedError('SERVICE_UNAVAILABLE', `The connection to the database at ${host} failed: ${message}.`, {
          cause: error,
        });
  }
  const { code = '' } = error;
  if (code === CANCELED) {
    return new CodedError('DEADLINE_EXCEEDED', 'The database ended the query: it took too long.', { cause: error });
  }
  return new CodedError(
    passing.test(code) ? 'SERVICE_UNAVAILABLE' : 'SOURCE_FAILED',
    `The database at ${host} refuses (${code}): ${shortened(withoutValues(code, message))}.`,
    { cause: error },
  );
}

/** Errors about data (class 22) quote it. */
const withoutValues = (code: string, message: string): string =>
  code.startsWith('22') ? message.replace(/: ".*$/s, '') : message;

const shortened = (message: string): string => message.slice(0, MAX_MESSAGE).replace(/[.\s]+$/, '');
