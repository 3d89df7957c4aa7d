import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionAttacks } from './corpus/connection-attacks.js';
import { expectContained, startVictim, type Victim } from './victim.js';

let victim: Victim;
beforeAll(async () => {
  victim = await startVictim({ NESTOR_REQUEST_STALL_MS: '1000' });
});
afterAll(async () => {
  await victim.nestor.close();
});

const partsOfFiles = () => readdir(join(victim.nestor.settings.NESTOR_HOME, 'artifacts', 'tmp'));

describe('a hostile connection', () => {
  it.each(connectionAttacks.map((attack) => [attack.what, attack.code, attack] as const))(
    'is ended: %s, %s',
    async (_what, _code, attack) => expectContained(attack, victim.target),
  );

  it('leaves no part of a file behind', async () => {
    await expect.poll(partsOfFiles, { timeout: 10_000 }).toEqual([]);
  });
});
