import { expect, it } from 'vitest';
import { advisoryLocks } from './advisory-locks.js';

it('gives no two purposes the same lock', () => {
  const keys = Object.values(advisoryLocks);
  expect(new Set(keys).size).toBe(keys.length);
});
