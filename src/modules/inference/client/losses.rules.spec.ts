import { expect, it } from 'vitest';
import { lossesOf } from './losses.rules.js';

it('tells the losses that a model is to blame for from those of others', () => {
  const hosts = [
    { endings: [{ executor: 'a', digest: 'mine' }] },
    {
      endings: [
        { executor: 'b', digest: 'other' },
        { executor: 'c', digest: null },
      ],
    },
  ];
  expect(lossesOf(hosts, ['a', 'b', 'c'], 'mine')).toEqual({ blamed: 1, unexplained: 0 });
  expect(lossesOf(hosts, ['a', 'gone'], 'other')).toEqual({ blamed: 0, unexplained: 1 });
  expect(lossesOf([], [], 'mine')).toEqual({ blamed: 0, unexplained: 0 });
});
