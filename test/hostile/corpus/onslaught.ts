import type { Attack, Target } from './attack.js';
import { connectionAttacks } from './connection-attacks.js';
import { graphqlAttacks } from './graphql-attacks.js';
import { grpcAttacks } from './grpc-attacks.js';
import { hostileFiles } from './hostile-files.js';
import { hostileRuns } from './hostile-runs.js';
import { registrationOf } from './registration.js';
import { restAttacks } from './rest-attacks.js';

/** Attacks that are under way at a time. */
const AT_ONCE = 8;

/** The whole corpus, its kinds mixed. */
export const corpus: readonly Attack[] = mixed([
  restAttacks,
  graphqlAttacks,
  grpcAttacks,
  connectionAttacks,
  hostileFiles.map(registrationOf),
  hostileRuns,
]);

/** Throws attacks at a Nestor, several at a time. @returns those that ended otherwise than they must, and how. */
export async function onslaught(attacks: readonly Attack[], target: Target): Promise<string[]> {
  const surprises: string[] = [];
  const next = attacks[Symbol.iterator]();
  const attacker = async (): Promise<void> => {
    for (const attack of next) {
      const { code, text } = await attack.send(target);
      if (code !== attack.code && code !== attack.orElse) surprises.push(`${attack.what}: ${code} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, attacker));
  return surprises;
}

/** Deals from all lists in turn, from the longer ones more often. */
function mixed(lists: readonly (readonly Attack[])[]): Attack[] {
  return lists
    .flatMap((list) => list.map((attack, index) => ({ attack, place: (index + 0.5) / list.length })))
    .sort((one, other) => one.place - other.place)
    .map(({ attack }) => attack);
}
