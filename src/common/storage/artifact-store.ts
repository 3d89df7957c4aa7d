import type { Readable } from 'node:stream';
import type { Digest } from './digest.js';

export interface WriteOptions {
  /** Most bytes that are taken; one more is refused at once. */
  readonly maxBytes: number;
  /** What the bytes must turn out to be. */
  readonly expectedDigest?: Digest | undefined;
  /**
   * Is told what the bytes turned out to be, before they are stored: whoever has to remove them one day can write that
   * down first, so that they are known even where this process ends in between. Nothing is stored where it fails.
   */
  readonly beforeStored?: ((digest: Digest) => Promise<void>) | undefined;
  /** Gives the write up, for example because the client left. */
  readonly signal?: AbortSignal | undefined;
}

/** A part of an artifact. */
export interface ByteRange {
  readonly start: number;
  /** The first byte that does not belong to it. */
  readonly end?: number;
}

export interface StoredArtifact {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/**
 * Content-addressed store of model files and other artifacts. What is stored is named by its SHA-256, kept once,
 * and never changes. It knows no workspaces: who may use a digest is for the caller to decide.
 */
export abstract class ArtifactStore {
  /**
   * Stores a stream. Nothing is left of one that fails, and the source is not destroyed then, so that its sender can
   * still be answered.
   * @throws {CodedError} ARTIFACT_TOO_LARGE, DIGEST_MISMATCH, STORAGE_FULL; CANCELLED when the source ends early or
   * the signal fires.
   */
  abstract write(source: Readable, options: WriteOptions): Promise<StoredArtifact>;

  /** The bytes, or a part of them, as a stream, unverified. @throws {CodedError} ARTIFACT_NOT_FOUND */
  abstract read(digest: Digest, range?: ByteRange): Promise<Readable>;

  /** Size of the artifact, or null when it is not stored. */
  abstract stat(digest: Digest): Promise<{ sizeBytes: number } | null>;

  /**
   * Puts the verified bytes at a path on this machine: completely or not at all. The file may be shared with the store,
   * so it must not be written to.
   * @throws {CodedError} ARTIFACT_NOT_FOUND; ARTIFACT_CORRUPT when the bytes no longer match the digest; STORAGE_FULL.
   */
  abstract fetchTo(digest: Digest, path: string, signal?: AbortSignal): Promise<void>;

  /** Path of the artifact where the store keeps it on this machine, present or not; null for stores that do not. */
  abstract localPath(digest: Digest): string | null;

  /** Removes the artifact; removing what is not there is fine. */
  abstract delete(digest: Digest): Promise<void>;

  /** Hands the verified bytes to `use` as a file that is gone afterwards. @throws {CodedError} as `fetchTo`. */
  abstract withFile<Result>(digest: Digest, use: (path: string) => Promise<Result>): Promise<Result>;
}
