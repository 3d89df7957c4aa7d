import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Message, walkMessage, WalkLimitError } from './message-walker.js';
import { MalformedWireError, WireReader } from './wire-reader.js';
import { bufferSource } from './wire-source.js';

async function numbersIn(bytes: Uint8Array, maxFields = 1000): Promise<number[]> {
  const numbers: number[] = [];
  const message: Message = {
    name: 'Numbers',
    fields: { 1: { kind: 'integer', take: (value) => void numbers.push(value) } },
  };
  await walkMessage(new WireReader(bufferSource(bytes)), bytes.length, message, { maxFields });
  return numbers;
}

/** An int64 as protobuf writes it. */
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

function packed(values: readonly bigint[]): Buffer {
  const content = values.flatMap(varint);
  return Buffer.of((1 << 3) | 2, ...varint(BigInt(content.length)), ...content);
}

function unpacked(values: readonly bigint[]): Buffer {
  return Buffer.from(values.flatMap((value) => [1 << 3, ...varint(value)]));
}

/** Messages in field 1 of each other. */
function nested(depth: number): Buffer {
  const parts: Buffer[] = [];
  for (let level = 0, bytes = 0; level < depth; level += 1) {
    const header = Buffer.of((1 << 3) | 2, ...varint(BigInt(bytes)));
    parts.push(header);
    bytes += header.length;
  }
  return Buffer.concat(parts.toReversed());
}

describe('walking a message', () => {
  it('reads every 64-bit number, packed or not: exactly up to 2^53, and nearly beyond', async () => {
    const int64 = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger().map(BigInt));
    await fc.assert(
      fc.asyncProperty(fc.array(int64, { maxLength: 20 }), async (values) => {
        const read = await numbersIn(packed(values));
        expect(await numbersIn(unpacked(values))).toEqual(read);
        expect(read).toHaveLength(values.length);
        for (const [index, value] of values.entries()) {
          const number = read[index] ?? Number.NaN;
          if (Number.isSafeInteger(Number(value))) expect(number).toBe(Number(value));
          else expect(Math.abs(number / Number(value) - 1)).toBeLessThan(1e-15);
        }
      }),
    );
  });

  it('stops at the limit of fields, also among packed numbers', async () => {
    const values = [1n, 2n, 3n, 4n];
    expect(await numbersIn(unpacked(values), 4)).toEqual([1, 2, 3, 4]);
    await expect(numbersIn(unpacked(values), 3)).rejects.toThrow(WalkLimitError);
    expect(await numbersIn(packed(values), 5)).toEqual([1, 2, 3, 4]);
    await expect(numbersIn(packed(values), 4)).rejects.toThrow(WalkLimitError);
  });

  it('bounds the depth of messages without recursion', async () => {
    const endless: Message = { name: 'Endless', fields: { 1: { kind: 'message', once: false, enter: () => endless } } };
    const walk = (bytes: Buffer) =>
      walkMessage(new WireReader(bufferSource(bytes)), bytes.length, endless, { maxFields: 1_000_000 });
    await expect(walk(nested(9_999))).resolves.toBeUndefined();
    await expect(walk(nested(50_000))).rejects.toThrow(WalkLimitError);
  });

  it('refuses a file that becomes shorter while it is read', async () => {
    const source = { size: 100, read: () => Promise.resolve(10) };
    const walk = walkMessage(new WireReader(source), 100, { name: 'Any', fields: {} }, { maxFields: 10 });
    await expect(walk).rejects.toThrow(MalformedWireError);
  });
});
