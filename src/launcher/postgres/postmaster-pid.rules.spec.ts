import { expect, it } from 'vitest';
import { parsePostmasterPid } from './postmaster-pid.rules.js';

it('reads the process and its folder', () => {
  const text = '4711\n/var/lib/nestor/postgres/data\n1790000000\n5433\n\n127.0.0.1\n  12345  6\nready   \n';
  expect(parsePostmasterPid(text)).toEqual({ pid: 4711, dataFolder: '/var/lib/nestor/postgres/data' });
});

it('reads the negated id of a standalone backend', () => {
  expect(parsePostmasterPid('-4711\n/data\n')?.pid).toBe(4711);
});

it.each(['', '\n', '4711', '4711\n', 'abc\n/data\n', '0\n/data\n'])('takes %j for a file that was cut', (text) => {
  expect(parsePostmasterPid(text)).toBeUndefined();
});
