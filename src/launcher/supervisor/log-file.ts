import { closeSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { systemErrorCode } from '../start-error.js';

/** Beyond this a log is set aside as `<name>.1`, in place of the one before. */
const ROTATE_BYTES = 10 * 1024 * 1024;

/** The log of one process. At most two files of 10 MB each are kept. */
export class LogFile {
  private descriptor: number;
  private size: number;

  constructor(
    readonly path: string,
    private readonly rotateBytes = ROTATE_BYTES,
  ) {
    rotateLog(path, rotateBytes);
    this.descriptor = openSync(path, 'a', 0o600);
    this.size = fstatSync(this.descriptor).size;
  }

  append(text: string): void {
    try {
      this.size += writeSync(this.descriptor, text);
      if (this.size > this.rotateBytes) this.reopen();
    } catch (error) {
      // A full disk must not take down what still serves; the terminal shows warnings and errors all the same.
      if (systemErrorCode(error) === undefined) throw error;
    }
  }

  /** The last lines of the log, for a message on why a process does not start. */
  tail(lines: number): string {
    return readFileSync(this.path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private reopen(): void {
    closeSync(this.descriptor);
    rotateLog(this.path, this.rotateBytes);
    this.descriptor = openSync(this.path, 'a', 0o600);
    this.size = fstatSync(this.descriptor).size;
  }
}

/** Sets a log aside when it has grown beyond `bytes`. */
export function rotateLog(path: string, bytes = ROTATE_BYTES): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  const { size } = fstatSync(descriptor);
  closeSync(descriptor);
  if (size > bytes) renameSync(path, `${path}.1`);
}
