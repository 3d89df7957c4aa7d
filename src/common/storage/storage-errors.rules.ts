import { CodedError } from '../errors/coded-error.js';
import type { Digest } from './digest.js';

/** The system's name of an error, such as `ENOSPC`; undefined for errors of another kind. */
export function errnoOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const senderLeft = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ABORT_ERR']);

/** The coded error that an error of the file system or of the source stream stands for; others stay as they are. */
export function storageError(thrown: unknown, digest?: Digest): unknown {
  const errno = errnoOf(thrown);
  if (thrown instanceof CodedError || errno === undefined) return thrown;
  if (full.has(errno)) {
    const message = 'The artifact store has no room left. Free disk space, then try again.';
    return new CodedError('STORAGE_FULL', message, { cause: thrown });
  }
  if (senderLeft.has(errno)) {
    return new CodedError('CANCELLED', 'The sender left before all bytes had arrived.', { cause: thrown });
  }
  if (errno === 'ENOENT' && digest !== undefined) {
    return new CodedError('ARTIFACT_NOT_FOUND', `No artifact ${digest} is stored. Upload it first.`, { cause: thrown });
  }
  return thrown;
}
