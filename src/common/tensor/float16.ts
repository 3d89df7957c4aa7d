/** IEEE 754 half precision: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits. Node 20 has no Float16Array. */

/** The number that 16 bits stand for. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest half, ties to even; beyond 65,520 infinity. */
export function numberToFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65_520) return sign | 0x7c00;
  // Below the least normal half (2^-14) all halves are multiples of 2^-24.
  const exponent = magnitude < 2 ** -14 ? -14 : exponentOf(magnitude);
  const steps = roundToEven(magnitude * 2 ** (10 - exponent));
  // `steps` of a normal number is 1024…2048; adding it carries into the exponent where rounding reached the next one.
  return sign | (((exponent + 14) << 10) + steps);
}

function exponentOf(magnitude: number): number {
  const exponent = Math.floor(Math.log2(magnitude));
  // log2 rounds: just below a power of two it may answer that power.
  return 2 ** exponent > magnitude ? exponent - 1 : exponent;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
