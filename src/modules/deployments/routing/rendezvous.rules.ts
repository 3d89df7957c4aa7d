import { hash53, HASHES } from '../../../common/hashing/hash53.js';

export interface Weighted {
  readonly name: string;
  /** 0 or more. */
  readonly weight: number;
}

/**
 * Chooses by weighted rendezvous hashing: each choice draws u from (0, 1) by the hash of its name and the key, and the
 * largest −weight / ln u wins. So shares follow the weights, the same key is given the same choice, and a change of one
 * weight moves keys only to it or from it. See Schindelhauer and Schomaker, "Weighted distributed hash tables", 2005.
 * @param salt makes the choices of one deployment independent of another's.
 * @returns undefined where every weight is 0.
 */
export function choose<Choice extends Weighted>(
  choices: readonly Choice[],
  salt: string,
  key: string,
): Choice | undefined {
  let best: Choice | undefined;
  let highest = 0;
  for (const choice of choices) {
    const drawn = (hash53(`${salt}\n${choice.name}\n${key}`) + 0.5) / HASHES;
    const score = -choice.weight / Math.log(drawn);
    if (score > highest) {
      highest = score;
      best = choice;
    }
  }
  return best;
}
