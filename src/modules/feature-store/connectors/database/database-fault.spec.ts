import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { databaseFault } from './database-fault.js';

const refused = (code: string): Error => Object.assign(new pg.DatabaseError('no', 2, 'error'), { code });

describe('faults of a database', () => {
  it.each([
    ['08006', 'SERVICE_UNAVAILABLE'],
    ['57P01', 'SERVICE_UNAVAILABLE'],
    ['08P01', 'SOURCE_FAILED'],
    ['42601', 'SOURCE_FAILED'],
    ['57014', 'DEADLINE_EXCEEDED'],
  ])('of the state %s are %s', (state, code) => {
    expect(databaseFault(refused(state), 'db').code).toBe(code);
  });

  it('say which secret is missing where a password is asked for', () => {
    const error = new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string');
    expect(databaseFault(error, 'db')).toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringMatching(/^The database at db asks for a password\..* secret password/) as string,
    });
  });
});
