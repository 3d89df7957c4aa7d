/** The digits of base62: safe in URLs, headers and shells, and selected whole by a double click. */
export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Writes a whole number in base62, padded with zeros.
 * @param value a safe integer, at least 0.
 * @throws {RangeError} when it does not fit `length` digits.
 */
export function encodeBase62(value: number, length: number): string {
  let digits = '';
  let rest = value;
  for (let place = 0; place < length; place += 1) {
    digits = BASE62.charAt(rest % BASE62.length) + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  if (rest > 0) throw new RangeError(`${value} does not fit ${length} base62 digits`);
  return digits;
}
