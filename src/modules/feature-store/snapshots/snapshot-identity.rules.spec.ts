import { describe, expect, it } from 'vitest';
import { dataColumn, dataSchema } from '../../../../test/support/workbench.js';
import { isSaidAlready } from './snapshot-identity.rules.js';

const columns = [dataColumn('id', 'INT64', { isNullable: false })];
const loose = dataSchema(columns);
const keyed = dataSchema(columns, { keyColumns: ['id'] });
const unique = dataSchema(columns, { hasUniqueRows: true });

const whole = { contentDigest: 'a', isIncrement: false };
const increment = { contentDigest: 'a', isIncrement: true };

describe('isSaidAlready', () => {
  it('takes all the same data for no news, but not after an increment', () => {
    expect(isSaidAlready(whole, whole, loose)).toBe(true);
    expect(isSaidAlready(increment, whole, loose)).toBe(false);
    expect(isSaidAlready(null, whole, loose)).toBe(false);
    expect(isSaidAlready({ ...whole, contentDigest: 'b' }, whole, keyed)).toBe(false);
  });

  it('takes more of the same rows for no news only where something tells rows apart', () => {
    for (const newest of [whole, increment]) {
      expect(isSaidAlready(newest, increment, loose)).toBe(false);
      expect(isSaidAlready(newest, increment, keyed)).toBe(true);
      expect(isSaidAlready(newest, increment, unique)).toBe(true);
      expect(isSaidAlready({ ...newest, contentDigest: 'b' }, increment, keyed)).toBe(false);
    }
  });
});
