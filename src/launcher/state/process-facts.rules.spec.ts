import { expect, it } from 'vitest';
import { parseProcessStat } from './process-facts.rules.js';

const after = (state: string) => `${state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 98765 20 21`;

it('reads state and start time', () => {
  expect(parseProcessStat(`42 (node) ${after('S')}\n`)).toEqual({ zombie: false, parent: 1, startTime: '98765' });
});

it('is not misled by a name with spaces and brackets', () => {
  expect(parseProcessStat(`42 (a) Z (b) ) ${after('S')}`)).toEqual({ zombie: false, parent: 1, startTime: '98765' });
});

it('knows a process that has ended', () => {
  expect(parseProcessStat(`42 (postgres) ${after('Z')}`).zombie).toBe(true);
  expect(parseProcessStat(`42 (postgres) ${after('X')}`).zombie).toBe(true);
});
