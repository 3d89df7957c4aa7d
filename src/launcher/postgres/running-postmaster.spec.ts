import { expect, it } from 'vitest';
import { isServerOf } from './running-postmaster.js';

it.each([
  ['works in the folder', { zombie: false, workingDirectory: '/data', commandLine: 'postgres -D /data' }, true],
  ['works elsewhere', { zombie: false, workingDirectory: '/other', commandLine: 'postgres -D /other' }, false],
  ['has ended', { zombie: true, workingDirectory: '/data' }, false],
  ['is called postgres, where no more is known', { zombie: false, commandLine: '"postgres.exe","7"' }, true],
  ['is called otherwise, where no more is known', { zombie: false, commandLine: 'node server.js' }, false],
  ['tells nothing', { zombie: false }, false],
  ['is not there', undefined, false],
])('judges a process that %s', (_, facts, expected) => {
  expect(isServerOf('/data', facts)).toBe(expected);
});
