import { afterAll, beforeAll, describe, it } from 'vitest';
import { grpcAttacks } from './corpus/grpc-attacks.js';
import { expectContained, startVictim, type Victim } from './victim.js';

let victim: Victim;
beforeAll(async () => {
  victim = await startVictim();
});
afterAll(async () => {
  await victim.nestor.close();
});

describe('a hostile request of the Open Inference Protocol over gRPC', () => {
  it.each(grpcAttacks.map((attack) => [attack.what, attack.code, attack] as const))(
    'is refused: %s, %s',
    async (_what, _code, attack) => expectContained(attack, victim.target),
  );
});
