export interface Weighted {
  readonly name: string;
  /** 0 or more. */
  readonly weight: number;
}

/** 2⁵³: as many values as a hash has. */
const HASHES = 2 ** 53;

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

/** 53 bits of a text, evenly spread: two multiplicative hashes, mixed by the finalizer of MurmurHash3. Not for secrets. */
export function hash53(text: string): number {
  let low = 0x9e3779b9;
  let high = 0x85ebca6b;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 0x9e3779b1);
    high = Math.imul(high ^ code, 0x5f356495);
  }
  const mixed = finalize(low ^ (high >>> 15));
  const other = finalize(high ^ mixed);
  return (other >>> 11) * 2 ** 32 + (mixed >>> 0);
}

function finalize(bits: number): number {
  let mixed = bits ^ (bits >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
