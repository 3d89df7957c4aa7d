import { open } from 'node:fs/promises';
import { simpleModel } from './models.js';

const ZIP_HEADER = [0x50, 0x4b, 0x03, 0x04, 0x14, 0x00, 0x00, 0x00, 0x08, 0x00];
const PNG_HEADER = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52];

/** What people upload by mistake: bytes that are no ONNX model, by name. */
export function garbageFiles(): Record<string, Buffer> {
  const model = simpleModel();
  return {
    empty: Buffer.alloc(0),
    truncated: model.subarray(0, Math.floor(model.length / 2)),
    zip: Buffer.from([...ZIP_HEADER, ...new Uint8Array(500)]),
    png: Buffer.from([...PNG_HEADER, ...new Uint8Array(500)]),
    text: Buffer.from('This is not a model.\n'),
    json: Buffer.from('{"model": "not here"}'),
    zeros: Buffer.alloc(4096),
  };
}

/** A sparse file that reads as zeros and takes no room on disk; 2 GiB unless given. */
export async function writeSparseZeros(path: string, bytes = 2 * 1024 ** 3): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.truncate(bytes);
  } finally {
    await file.close();
  }
}
