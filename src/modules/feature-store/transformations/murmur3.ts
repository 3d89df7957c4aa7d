const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;
const STEP = 0xe6546b64;
const MIX1 = 0x85ebca6b;
const MIX2 = 0xc2b2ae35;

/** MurmurHash3 of the text's UTF-8, 32 bits, seed 0, as a signed number: the hash of scikit-learn. */
export function murmur3(text: string): number {
  const bytes = Buffer.from(text, 'utf8');
  const words = bytes.length >> 2;
  let hash = 0;
  for (let index = 0; index < words; index += 1) {
    hash = rotated(hash ^ scrambled(bytes.readInt32LE(index * 4)), 13);
    hash = (Math.imul(hash, 5) + STEP) | 0;
  }
  const rest = bytes.length & 3;
  if (rest > 0) hash ^= scrambled(bytes.readUIntLE(words * 4, rest));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), MIX1);
  hash = Math.imul(hash ^ (hash >>> 13), MIX2);
  return hash ^ (hash >>> 16);
}

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

const scrambled = (word: number): number => Math.imul(rotated(Math.imul(word, C1), 15), C2);

/** The same as SQL, of type BIGINT. The engine has no such hash, so it is computed on the digits of `hex`. */
export function murmur3Sql(text: string): string {
  const words = `list_transform(range(bytes // 4), lambda word: ${scrambledSql(numberSql('word * 8', [3, 2, 1, 0]))})`;
  const step = lowSql(`${rotatedSql('xor(hash, word)', 13)} * 5 + ${STEP}`);
  const rest = scrambledSql(numberSql('(bytes // 4) * 8', [2, 1, 0]));
  const rounds = [
    `list_reduce(list_prepend(0::UBIGINT, ${words}), lambda hash, word: ${step})`,
    `xor(xor(hash, CASE WHEN bytes % 4 = 0 THEN 0::UBIGINT ELSE ${rest} END), CAST(bytes AS UBIGINT))`,
    lowSql(`xor(hash, hash >> 16) * ${MIX1}`),
    lowSql(`xor(hash, hash >> 13) * ${MIX2}`),
    'xor(hash, hash >> 16)',
    'CAST(hash AS BIGINT) - CASE WHEN hash >= 2147483648 THEN 4294967296 ELSE 0 END',
  ];
  const hash = rounds.reduce((before, next) => named('hash', before, next));
  return named('digits', `hex(${text})`, named('bytes', 'length(digits) // 2', hash));
}

/** Gives a value a name in an expression: it is computed once and used often. */
const named = (name: string, value: string, expression: string): string =>
  `list_transform([${value}], lambda ${name}: ${expression})[1]`;

/** The lower 32 bits. */
const lowSql = (sql: string): string => `((${sql}) & 4294967295)`;

/** The bytes at a place among the digits as a number, the highest first; what lies beyond the end is left out. */
function numberSql(place: string, bytes: readonly number[]): string {
  const digits = bytes.map((byte) => `substr(digits, CAST(${place} + ${byte * 2 + 1} AS BIGINT), 2)`);
  return `CAST('0x' || ${digits.join(' || ')} AS UBIGINT)`;
}

const rotatedSql = (sql: string, bits: number): string =>
  named('turned', sql, lowSql(`(turned << ${bits}) | (turned >> ${32 - bits})`));

const scrambledSql = (word: string): string => lowSql(`${rotatedSql(lowSql(`${word} * ${C1}`), 15)} * ${C2}`);
