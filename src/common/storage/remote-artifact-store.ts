import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { CodedError } from '../errors/coded-error.js';
import { type ErrorCode, errorTable } from '../errors/error-table.js';
import { isJsonObject } from '../json/json-object.js';
import type { Endpoint } from '../tls/endpoint.js';
import { clientOptions, type SharedKey } from '../tls/shared-key.js';
import { ArtifactStore, type ByteRange, type StoredArtifact, type WriteOptions } from './artifact-store.js';
import { type Digest, digestOfHex } from './digest.js';
import { errnoOf, storageError } from './storage-errors.rules.js';
import { verifiedFile } from './verified-file.js';

/** The server is given up when nothing moves for so long, in milliseconds. */
const SILENCE_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 32;
const RETRY_HINT_MS = 1_000;

/** The artifact store of another machine, as lent by `ArtifactStoreServer`. Keeps nothing here but what is in use. */
export class RemoteArtifactStore extends ArtifactStore {
  private readonly agent: Agent;

  /** @param scratch folder for files that are in use. */
  constructor(
    private readonly endpoint: Endpoint,
    key: SharedKey,
    private readonly scratch: string,
  ) {
    super();
    this.agent = new Agent({
      ...clientOptions(key),
      keepAlive: true,
      maxSockets: MAX_CONNECTIONS,
      timeout: SILENCE_TIMEOUT_MS,
      maxCachedSessions: 0,
    });
  }

  override async write(source: Readable, options: WriteOptions): Promise<StoredArtifact> {
    const { maxBytes, expectedDigest, beforeStored, signal } = options;
    const upload = this.request('PUT', `/artifacts?maxBytes=${maxBytes}`, signal);
    upload.setHeader('content-type', 'application/octet-stream');
    const answer = this.answerTo(upload);
    // What goes wrong before the end shows in `send` first.
    answer.catch(() => undefined);
    try {
      const digest = await send(source, upload, maxBytes, answer);
      if (expectedDigest !== undefined && expectedDigest !== digest) {
        throw new CodedError(
          'DIGEST_MISMATCH',
          `The bytes have the digest ${digest}, not the announced ${expectedDigest}.`,
        );
      }
      await beforeStored?.(digest);
      upload.end();
      return (await json(await answer)) as StoredArtifact;
    } catch (thrown) {
      upload.destroy();
      throw signal?.aborted === true ? new CodedError('CANCELLED', 'The upload was given up.') : storageError(thrown);
    }
  }

  override async read(digest: Digest, { start, end }: ByteRange = { start: 0 }): Promise<Readable> {
    const range = end === undefined ? `?start=${start}` : `?start=${start}&end=${end}`;
    return this.call('GET', `/artifacts/${digest}${range}`);
  }

  override async stat(digest: Digest): Promise<{ sizeBytes: number } | null> {
    const found = await json(await this.call('GET', `/artifacts/${digest}/size`));
    return isJsonObject(found) && typeof found['sizeBytes'] === 'number' ? { sizeBytes: found['sizeBytes'] } : null;
  }

  override async fetchTo(digest: Digest, path: string, signal?: AbortSignal): Promise<void> {
    const write = async (part: string): Promise<void> =>
      pipeline(
        await this.read(digest),
        createWriteStream(part, { mode: 0o600 }),
        signal === undefined ? {} : { signal },
      );
    await verifiedFile(digest, path, write, signal);
  }

  override localPath(): null {
    return null;
  }

  override async delete(digest: Digest): Promise<void> {
    (await this.call('DELETE', `/artifacts/${digest}`)).resume();
  }

  override async withFile<Result>(digest: Digest, use: (path: string) => Promise<Result>): Promise<Result> {
    await mkdir(this.scratch, { recursive: true });
    const path = join(this.scratch, `${randomUUID()}.artifact`);
    try {
      await this.fetchTo(digest, path);
      return await use(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  private async call(method: string, path: string): Promise<IncomingMessage> {
    const sent = this.request(method, path);
    sent.end();
    return this.answerTo(sent);
  }

  private request(method: string, path: string, signal?: AbortSignal): ClientRequest {
    const { host, firstPort: port } = this.endpoint;
    const { agent } = this;
    const sent = request({ agent, host, port, method, path, ...(signal === undefined ? {} : { signal }) });
    // Whoever waits for the answer is told; nobody does once it has come.
    sent.on('error', () => undefined);
    sent.on('timeout', () => sent.destroy(new Error(`Nothing was heard for ${SILENCE_TIMEOUT_MS} ms.`)));
    return sent;
  }

  /** @throws {CodedError} of the server; SERVICE_UNAVAILABLE where it cannot be reached or does not believe us. */
  private async answerTo(sent: ClientRequest): Promise<IncomingMessage> {
    const [answer] = (await once(sent, 'response').catch((cause: unknown) => {
      throw this.unreachable(cause);
    })) as [IncomingMessage];
    if (answer.statusCode === 200) return answer;
    throw codedError(await json(answer));
  }

  private unreachable(cause: unknown): CodedError {
    const { host, firstPort } = this.endpoint;
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    const hint = isRefusedHandshake(cause) ? ' Both ends need the same NESTOR_SECRET.' : '';
    const message = `The artifact store at ${host}:${firstPort} cannot be reached (${reason}).${hint}`;
    return new CodedError('SERVICE_UNAVAILABLE', message, { retryAfterMs: RETRY_HINT_MS, cause });
  }
}

/**
 * Sends a stream, without its end, as fast as it is taken, and leaves the source alive where that fails.
 * @returns the digest of what was sent.
 */
async function send(
  source: Readable,
  upload: ClientRequest,
  maxBytes: number,
  answer: Promise<unknown>,
): Promise<Digest> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > maxBytes) {
      throw new CodedError('ARTIFACT_TOO_LARGE', `An artifact may have at most ${maxBytes} bytes.`);
    }
    hash.update(bytes);
    // An answer before the end is a refusal, which rejects.
    if (!upload.write(bytes)) await Promise.race([once(upload, 'drain'), answer]);
  }
  return digestOfHex(hash.digest('hex'));
}

function isRefusedHandshake(cause: unknown): boolean {
  const errno = errnoOf(cause) ?? '';
  return errno === 'EPROTO' || errno.startsWith('ERR_SSL');
}

function codedError(answer: unknown): CodedError {
  const { code, message } = isJsonObject(answer) ? answer : {};
  const isKnown = typeof code === 'string' && Object.hasOwn(errorTable, code);
  return new CodedError(isKnown ? (code as ErrorCode) : 'INTERNAL_SERVER_ERROR', String(message));
}
