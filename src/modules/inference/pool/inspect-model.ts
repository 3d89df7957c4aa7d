import { CodedError } from '../../../common/errors/coded-error.js';
import type { ExecutorToHost, ModelInspection } from '../protocol/control.js';
import { ExecutorFolder } from './executor-folder.js';
import type { LaunchOptions } from './launch.js';
import type { ProcessEnd } from './process-end.rules.js';
import { WatchedProcess } from './watched-process.js';

export interface ModelFile {
  readonly path: string;
  /** SHA-256 of the file, 64 hexadecimal digits. */
  readonly digest: string;
}

/**
 * Loads a model in an executor of its own, which is ended in every case, and tries it out there.
 * @throws {CodedError} MODEL_LOAD_FAILED where it cannot be loaded, crashes, hangs or wants too much memory;
 *   MODEL_UNSUPPORTED; ARTIFACT_CORRUPT.
 */
export async function inspectModel(file: ModelFile, options: LaunchOptions): Promise<ModelInspection> {
  const folder = await ExecutorFolder.create();
  try {
    const emptyFolder = await folder.makeEmptyFolder('inspect');
    return await inspectIn(emptyFolder, file, options);
  } finally {
    await folder.remove();
  }
}

async function inspectIn(emptyFolder: string, file: ModelFile, options: LaunchOptions): Promise<ModelInspection> {
  const settings = { mode: 'inspect', device: 'cpu', threads: 1, emptyFolder, ...file } as const;
  let answer: ExecutorToHost | undefined;
  const watched = new WatchedProcess('inspect', settings, options, (message) => {
    if (message.type !== 'inspected' && message.type !== 'inspectionFailed') return;
    answer = message;
    watched.kill('stopped');
  });
  const end = await watched.ended;
  if (answer?.type === 'inspected') return answer.inspection;
  if (answer?.type === 'inspectionFailed') throw new CodedError(answer.error.code, answer.error.message);
  throw failure(end, options);
}

function failure({ reason, text }: ProcessEnd, { runTimeoutMs, memoryBytes }: LaunchOptions): CodedError {
  if (reason === 'hung') {
    const limit = `${runTimeoutMs} ms`;
    return new CodedError('MODEL_LOAD_FAILED', `The model did not finish loading and a trial run within ${limit}.`);
  }
  if (reason === 'memory') {
    return new CodedError(
      'MODEL_LOAD_FAILED',
      `The model needs more memory than an executor has (${memoryBytes} bytes).`,
    );
  }
  return new CodedError('MODEL_LOAD_FAILED', `The process that loaded the model ${text}.`);
}
