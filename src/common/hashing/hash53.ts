/** 2⁵³: as many values as a hash has. */
export const HASHES = 2 ** 53;

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
