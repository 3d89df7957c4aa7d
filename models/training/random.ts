/**
 * Seeded pseudo-random numbers (mulberry32, public domain, by Tommy Ettinger): the same seed gives the same sequence on
 * every machine, so that a trained model can be reproduced. Not for secrets.
 */
export class SeededRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Standard normal by the Box-Muller transform. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A random permutation of 0 … count − 1 (Fisher-Yates). */
  permutation(count: number): number[] {
    const order = Array.from({ length: count }, (_, index) => index);
    for (let last = count - 1; last > 0; last -= 1) {
      const chosen = Math.floor(this.uniform() * (last + 1));
      const kept = order[last];
      const moved = order[chosen];
      if (kept !== undefined && moved !== undefined) {
        order[last] = moved;
        order[chosen] = kept;
      }
    }
    return order;
  }

  /** `count` normal numbers with the given standard deviation, as float32. */
  normalArray(count: number, standardDeviation: number): Float32Array {
    return Float32Array.from({ length: count }, () => this.normal() * standardDeviation);
  }
}
