import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchNpm } from './npm-parent.js';

it('does not end what npm does not run', () => {
  watchNpm({}, () => expect.unreachable(), 1)();
});

it('does not end what runs under an npm that lives', async () => {
  let gone = 0;
  const end = watchNpm({ npm_lifecycle_event: 'start' }, () => (gone += 1), 1);
  await sleep(50);
  end();
  expect(gone).toBe(0);
});
