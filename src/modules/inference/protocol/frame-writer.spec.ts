import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FrameWriter } from './frame-writer.js';

/** A stream that keeps what it was given, write by write; several at once come as one. */
function recorder() {
  const writes: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      writes.push(chunk);
      done();
    },
    writev: (chunks: { chunk: Buffer }[], done) => {
      writes.push(Buffer.concat(chunks.map(({ chunk }) => chunk)));
      done();
    },
  });
  const moments: (() => void)[] = [];
  const writer = new FrameWriter(stream, (flush) => moments.push(flush));
  return { writes, stream, writer, endMoment: () => moments.splice(0).forEach((flush) => flush()) };
}

describe('FrameWriter', () => {
  it('writes the frames of one moment at once, in order', () => {
    const { writes, writer, endMoment } = recorder();
    writer.write([Buffer.from('a'), Buffer.from('b')]);
    writer.write([Buffer.from('c')]);
    expect(writes).toEqual([]);
    endMoment();
    writer.write([Buffer.from('d')]);
    endMoment();
    expect(writes.map(String)).toEqual(['abc', 'd']);
  });

  it('does so with large frames, too', () => {
    const { writes, writer, endMoment } = recorder();
    const large = Buffer.alloc(100_000, 'x');
    writer.write([large, Buffer.from('end')]);
    endMoment();
    expect(writes.map(String)).toEqual([`${large.toString()}end`]);
  });

  it('says nothing more to a socket that is closed', () => {
    const { writes, stream, writer, endMoment } = recorder();
    writer.write([Buffer.from('a')]);
    stream.destroy();
    endMoment();
    expect(writes).toEqual([]);
  });
});
