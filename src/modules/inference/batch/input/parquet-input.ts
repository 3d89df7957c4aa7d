import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { BAD_FILE_STATUS } from './parquet-process.js';
import type { ParquetTask } from './parquet-reader.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Longest text that is taken of what a process says is wrong with its file. */
const MAX_REASON_LENGTH = 1_000;

export interface ParquetLaunch {
  /** Path of the compiled `parquet.main.js`. */
  readonly entry: string;
  /** Memory that the process may hold, in bytes. */
  readonly memoryBytes: number;
  /** Longest that it may be silent while somebody waits for rows, in milliseconds. */
  readonly silenceMs: number;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/**
 * The rows of a Parquet file as NDJSON. A process without secrets unpacks them: its memory is capped and its silence is
 * bounded, as a few hostile bytes can ask for any amount of either.
 * @throws {CodedError} INVALID_FILE.
 */
export async function* parquetRows(task: ParquetTask, launch: ParquetLaunch): AsyncGenerator<Buffer, void> {
  const child = start(task, launch);
  const ended = once(child, 'exit') as Promise<[number | null]>;
  ended.catch(() => undefined);
  let reason = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (reason.length < MAX_REASON_LENGTH) reason += text;
  });
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    child.kill('SIGKILL');
  }, launch.silenceMs);
  try {
    for await (const rows of child.stdout as AsyncIterable<Buffer>) {
      yield rows;
      timer.refresh();
    }
    const [status] = await ended;
    if (status !== 0) throw failure(status, isSilent, reason, launch);
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

function start(task: ParquetTask, { entry, memoryBytes }: ParquetLaunch): Child {
  const heap = `--max-old-space-size=${Math.floor(memoryBytes / 2 / MIB)}`;
  const plain = [process.execPath, heap, entry, JSON.stringify(task)];
  const limits = `ulimit -c 0; ulimit -d ${Math.floor(memoryBytes / KIB)}; exec "$@"`;
  const [command = '', ...parameters] =
    process.platform === 'linux' ? ['/bin/sh', '-c', limits, 'sh', ...plain] : plain;
  return spawn(command, parameters, { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
}

function failure(status: number | null, isSilent: boolean, reason: string, launch: ParquetLaunch): CodedError {
  if (status === BAD_FILE_STATUS) {
    const text = reason.slice(0, MAX_REASON_LENGTH).replaceAll('\0', '');
    return new CodedError('INVALID_FILE', `The Parquet file cannot be read. ${text}`);
  }
  const what = isSilent
    ? `took longer than ${launch.silenceMs} ms to unpack its next rows`
    : `needs more memory than the ${launch.memoryBytes} bytes there are to unpack it, or crashes its reader`;
  return new CodedError('INVALID_FILE', `The Parquet file ${what}. Write it with smaller row groups.`);
}
