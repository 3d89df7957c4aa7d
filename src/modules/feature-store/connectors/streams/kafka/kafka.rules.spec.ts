import { AuthenticationError, NetworkError, type RecordsBatch, ResponseError, TimeoutError } from '@platformatic/kafka';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kafkaFault } from './kafka-fault.js';
import { cursorOf, offsetsOf, unreadOf } from './kafka-offsets.rules.js';
import { takeRecords } from './kafka-records.rules.js';
import { entryOf, NO_OBJECT } from './kafka-values.rules.js';

const NONE: ReadonlySet<string> = new Set();
const text = (value: string, jsonColumns = NONE) => Object.fromEntries(entryOf(Buffer.from(value), jsonColumns));

describe('offsets', () => {
  it('are kept as a cursor without a loss', () => {
    const offsets = fc.array(fc.tuple(fc.nat(10_000), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })), { minLength: 1 });
    fc.assert(
      fc.property(offsets, (list) => {
        const kept = new Map(list);
        expect(offsetsOf(JSON.parse(JSON.stringify(cursorOf(kept))))).toEqual(kept);
      }),
    );
    expect(cursorOf(offsetsOf(null))).toBeNull();
  });

  it('tell what is new: from the cursor, from the beginning, and from what is still there', () => {
    const bounds = [
      { partition: 0, leader: 1, first: 0n, end: 5n },
      { partition: 1, leader: 2, first: 3n, end: 9n },
      { partition: 2, leader: 1, first: 7n, end: 9n },
      { partition: 3, leader: 1, first: 0n, end: 4n },
    ];
    const read = new Map([
      [0, 2n],
      [2, 5n],
      [3, 4n],
    ]);
    expect(unreadOf('t', bounds, read)).toEqual([
      { partition: 0, leader: 1, next: 2n, end: 5n },
      { partition: 1, leader: 2, next: 3n, end: 9n },
      { partition: 2, leader: 1, next: 7n, end: 9n },
    ]);
  });

  it('beyond the end of a partition say that it is another one', () => {
    const bounds = [{ partition: 4, leader: 1, first: 0n, end: 5n }];
    expect(() => unreadOf('t', bounds, new Map([[4, 6n]]))).toThrow(/Partition 4 of t ends at 5/);
  });
});

describe('values', () => {
  it('keep the form in which they are written', () => {
    expect(text(' {"a": 12345678901234567890 , "b":1.50,"c":"x\\"},\\u00e4", "d" : true,"e":null, "" :[] } ')).toEqual({
      a: '12345678901234567890',
      b: '1.50',
      c: 'x"},ä',
      d: 'true',
      e: null,
      '': '[]',
    });
    expect(text('{"o":{"a":[1,{"b":"}"}]},"a":1,"a":2}')).toEqual({ o: '{"a":[1,{"b":"}"}]}', a: '2' });
    expect(text('{"j":"x","s":"x"}', new Set(['j']))).toEqual({ j: '"x"', s: 'x' });
    expect(text('{}')).toEqual({});
    expect(entryOf(null, NONE).size).toBe(0);
  });

  it('of any object are its members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(2), (object, indent) => {
        const names = new Set(Object.keys(object));
        const entry = entryOf(Buffer.from(JSON.stringify(object, null, indent)), names);
        const parsed = [...entry].map(([name, value]): [string, unknown] => [
          name,
          value === null ? null : JSON.parse(value),
        ]);
        const wanted = Object.entries(JSON.parse(JSON.stringify(object)) as object);
        expect(new Map(parsed)).toEqual(new Map(wanted));
      }),
    );
  });

  it.each(['', 'x', '[]', '1', '"a"', 'null', '{"a":1', '{"a":1}{'])('that are no object are told: %s', (value) =>
    expect(Object.keys(text(value))).toEqual([NO_OBJECT]),
  );
});

/** Of transactions: attribute bits 4 (a part of one) and 5 (its end). */
const batch = (first: number, values: readonly string[], more: Partial<RecordsBatch> = {}): RecordsBatch => ({
  firstOffset: BigInt(first),
  length: 0,
  partitionLeaderEpoch: 0,
  magic: 2,
  crc: 0,
  attributes: 0,
  lastOffsetDelta: values.length - 1,
  firstTimestamp: 0n,
  maxTimestamp: 0n,
  producerId: -1n,
  producerEpoch: 0,
  firstSequence: 0,
  records: values.map((value, offsetDelta) => ({
    length: 0,
    attributes: 0,
    timestampDelta: 0n,
    offsetDelta,
    key: null,
    value: Buffer.from(value),
    headers: [],
  })),
  ...more,
});
const end = (at: number, producerId: bigint, kind: 0 | 1): RecordsBatch => {
  const marker = batch(at, [''], { attributes: 48, producerId });
  return { ...marker, records: marker.records.map((record) => ({ ...record, key: Buffer.from([0, 0, 0, kind]) })) };
};
const transactionOf = (producerId: bigint) => ({ attributes: 16, producerId });
const taken = (
  records: RecordsBatch[],
  from: number,
  room = { records: 100, bytes: 100 },
  abortedTransactions: { producerId: bigint; firstOffset: bigint }[] = [],
) => {
  const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 0n, lastStableOffset: 0n, logStartOffset: 0n };
  const fetched = { ...partition, preferredReadReplica: -1, abortedTransactions, records };
  const { values, bytes, next } = takeRecords(fetched, BigInt(from), room);
  return { values: values.map(String), bytes, next: Number(next) };
};

describe('records', () => {
  it('are taken from an offset on, as far as there is room', () => {
    const batches = [batch(5, ['a', 'bb', 'c']), batch(9, ['d'], { lastOffsetDelta: 3 })];
    expect(taken(batches, 6)).toEqual({ values: ['bb', 'c', 'd'], bytes: 4, next: 13 });
    expect(taken(batches, 6, { records: 1, bytes: 100 })).toEqual({ values: ['bb'], bytes: 2, next: 7 });
    expect(taken(batches, 6, { records: 9, bytes: 3 })).toEqual({ values: ['bb', 'c'], bytes: 3, next: 9 });
    expect(taken([], 6)).toEqual({ values: [], bytes: 0, next: 6 });
  });

  it('come each once, however they are cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (records, bytes) => {
        const batches = [batch(0, ['a', 'b', 'c']), batch(7, ['d', 'e'], { lastOffsetDelta: 4 }), batch(12, ['f'])];
        const all: string[] = [];
        for (let from = 0; from < 13;) {
          const { values, next } = taken(batches, from, { records, bytes });
          expect(next).toBeGreaterThan(from);
          all.push(...values);
          from = next;
        }
        expect(all.join('')).toBe('abcdef');
      }),
    );
  });

  it('of aborted transactions do not count, and nor do the ends of any', () => {
    const batches = [
      batch(0, ['a'], transactionOf(1n)),
      batch(1, ['b'], transactionOf(2n)),
      end(2, 1n, 0),
      batch(3, ['c'], transactionOf(1n)),
      end(4, 2n, 1),
      end(5, 1n, 1),
    ];
    const aborted = [{ producerId: 1n, firstOffset: 0n }];
    expect(taken(batches, 0, undefined, aborted)).toEqual({ values: ['b', 'c'], bytes: 2, next: 6 });
  });
});

const answered = (code: number) => new ResponseError(1, 12, { '/': [code, null] }, {});

describe('faults', () => {
  const expired = Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' });

  it.each<[string, unknown, string]>([
    ['a broker that is gone', new NetworkError('Connection failed.'), 'SERVICE_UNAVAILABLE'],
    ['a broker that is silent', new TimeoutError('Request timed out'), 'SERVICE_UNAVAILABLE'],
    ['another leader', answered(6), 'SERVICE_UNAVAILABLE'],
    ['no right', answered(29), 'SOURCE_FAILED'],
    ['a wrong password', new NetworkError('x', { cause: new AuthenticationError('no') }), 'SOURCE_FAILED'],
    ['a certificate', new NetworkError('x', { cause: expired }), 'SOURCE_FAILED'],
    ['bytes that say nothing', new RangeError('out of range'), 'SOURCE_FAILED'],
    ['what is no error', 'x', 'SOURCE_FAILED'],
  ])('tell whether another attempt may help: %s', (_, error, code) => expect(kafkaFault(error).code).toBe(code));
});
