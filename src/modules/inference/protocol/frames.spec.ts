import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, type Frame, FrameDecoder, FrameError, FrameKind, FrameTooLarge, nextId } from './frames.js';

const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 });
const frames = fc.array(
  fc.record({
    kind: fc.constantFrom(...Object.values(FrameKind)),
    id: fc.nat({ max: 0xffff_ffff }),
    header: fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown),
    parts,
  }),
  { minLength: 1, maxLength: 6 },
);

function padded(list: readonly Uint8Array[]): Buffer {
  return Buffer.concat(list.map((part) => Buffer.concat([part, Buffer.alloc((8 - (part.byteLength % 8)) % 8)])));
}

function decodeAll(chunks: readonly Uint8Array[], decoder = new FrameDecoder()): Frame[] {
  const found: Frame[] = [];
  for (const chunk of chunks) decoder.push(chunk, (frame) => found.push(frame));
  return found;
}

function copyOf(stream: Buffer, start: number, end: number): Uint8Array {
  return Uint8Array.from(stream.subarray(start, end));
}

describe('frames', () => {
  it('decode to the same however the stream is split', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat({ max: 2_000 }), { maxLength: 30 }), (sent, cuts) => {
        const stream = Buffer.concat(
          sent.flatMap(({ kind, id, header, parts }) => encodeFrame(kind, id, header, parts)),
        );
        const edges = [0, ...cuts.map((cut) => Math.min(cut, stream.byteLength)), stream.byteLength].sort(
          (a, b) => a - b,
        );
        const chunks = edges.slice(1).map((edge, index) => copyOf(stream, edges[index] ?? 0, edge));
        const decoder = new FrameDecoder();
        const received = decodeAll(chunks, decoder);
        expect(decoder.isAtBoundary).toBe(true);
        expect(received.map(({ kind, id, header }) => ({ kind, id, header }))).toEqual(
          sent.map(({ kind, id, header }) => ({ kind, id, header })),
        );
        for (const [index, { body }] of received.entries()) {
          expect(Buffer.from(body).equals(padded(sent[index]?.parts ?? []))).toBe(true);
          if (chunks.length === 1) expect(body.byteOffset % 8).toBe(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('decode byte by byte', () => {
    const stream = Buffer.concat(encodeFrame(FrameKind.Infer, 7, { a: 'ü' }, [Uint8Array.of(1, 2, 3)]));
    const received = decodeAll([...stream].map((byte) => Uint8Array.of(byte)));
    expect(received).toMatchObject([{ kind: FrameKind.Infer, id: 7, header: { a: 'ü' } }]);
    expect([...(received[0]?.body ?? [])]).toEqual([1, 2, 3, 0, 0, 0, 0, 0]);
  });

  it('are not copied where they are large, and padded all the same', () => {
    const large = new Uint8Array(100_001).fill(9);
    const buffers = encodeFrame(FrameKind.Infer, 1, {}, [large, Uint8Array.of(5)]);
    expect(buffers).toContain(large);
    const [frame] = decodeAll([Buffer.concat(buffers)]);
    expect(frame?.body.byteLength).toBe(100_008 + 8);
    expect(frame?.body[100_008]).toBe(5);
  });

  it('are refused above the limit, when sent and when announced', () => {
    const stream = Buffer.concat(encodeFrame(FrameKind.Infer, 1, { text: 'x'.repeat(200) }));
    expect(() => decodeAll([stream.subarray(0, 16)], new FrameDecoder(128))).toThrow(FrameTooLarge);
    const part = new Uint8Array(300 * 1024 * 1024);
    expect(() => encodeFrame(FrameKind.Infer, 1, {}, [part, part])).toThrow(FrameTooLarge);
  });

  it.each([
    ['text', Buffer.from('GET / HTTP/1.1\r\nHost: executor\r\n\r\n')],
    ['a length that is no multiple of 8', Buffer.from([17, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0])],
    ['a header longer than the frame', Buffer.from([24, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255])],
    [
      'a header that is not JSON',
      Buffer.from([24, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ],
  ])('refuse %s', (_what, bytes) => {
    expect(() => decodeAll([bytes])).toThrow(FrameError);
  });

  it('number on from the start after the last id', () => {
    expect(nextId(1)).toBe(2);
    expect(nextId(0xffff_ffff)).toBe(1);
  });
});
