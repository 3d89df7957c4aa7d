import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { onAbort } from '../../../../common/concurrency/on-abort.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import type { HostAddress, OutboundHosts } from '../../../../common/outbound/outbound-hosts.js';
import { type Digest, digestOfHex } from '../../../../common/storage/digest.js';
import { isCertificateFault } from '../certificate-fault.js';

const MAX_REDIRECTS = 5;
const redirects = new Set([301, 302, 303, 307, 308]);

export interface HttpAnswer {
  /** From where it came, after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An answer whose body, where its status is 200, is in a file. */
export interface SavedAnswer extends HttpAnswer {
  /** Of the file; null where there is none. */
  readonly digest: Digest | null;
}

export interface HttpLimits {
  /** Longest that a request may take, from the connection to the last byte. */
  readonly requestTimeoutMs: number;
  readonly maxBodyBytes: number;
}

export type HttpHeaders = Readonly<Record<string, string>>;

/**
 * Asks APIs that users named, by GET. Each request, and each redirect, connects only to an address that was checked for it.
 * Connections are kept until the session is closed.
 */
export class HttpSession {
  private readonly agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  };

  constructor(
    private readonly hosts: OutboundHosts,
    private readonly limits: HttpLimits,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * @param origin where the headers may be sent; requests to others go without.
   * @throws {CodedError} SERVICE_UNAVAILABLE, DEADLINE_EXCEEDED, SOURCE_FAILED, ADDRESS_REFUSED; CANCELLED.
   */
  async get(url: URL, origin: string, headers: HttpHeaders): Promise<HttpAnswer> {
    let next = url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const answer = await this.ask(next, next.origin === origin ? headers : {}, (response) =>
        this.bodyOf(response, next),
      );
      const { location } = answer.headers;
      if (!redirects.has(answer.status) || location === undefined) return answer;
      next = redirected(next, location);
    }
    throw new CodedError('SOURCE_FAILED', `${url.host} redirects more than ${MAX_REDIRECTS} times.`);
  }

  /**
   * Puts what is answered with 200 into a file; redirects are answers like others.
   * @returns the answer, whose body is empty where it is in the file. @throws {CodedError} as `get`.
   */
  async save(url: URL, headers: HttpHeaders, path: string, maxBytes: number): Promise<SavedAnswer> {
    const hash = createHash('sha256');
    const answer = await this.ask(url, headers, async (response) => {
      if (response.statusCode !== 200) return this.bodyOf(response, url);
      await pipeline(response, limited(maxBytes, url, hash), createWriteStream(path));
      return Buffer.alloc(0);
    });
    return { ...answer, digest: answer.status === 200 ? digestOfHex(hash.digest('hex')) : null };
  }

  close(): void {
    for (const agent of Object.values(this.agents)) agent.destroy();
  }

  private async ask(
    url: URL,
    headers: HttpHeaders,
    take: (response: IncomingMessage) => Promise<Buffer>,
  ): Promise<HttpAnswer> {
    if (this.signal.aborted) throw cancelled();
    const isEncrypted = url.protocol === 'https:';
    const port = Number(url.port) || (isEncrypted ? 443 : 80);
    const addresses = await this.hosts.resolve(url.hostname.replace(/^\[(.*)\]$/, '$1'), port);
    const request = (isEncrypted ? https : http).request(url, {
      agent: this.agents[isEncrypted ? 'https:' : 'http:'],
      lookup: lookupOf(addresses),
      headers: { accept: 'application/json, application/x-ndjson', 'user-agent': 'nestor', ...headers },
    });
    // It may fail again after its answer has begun; who reads the answer hears of it.
    request.on('error', () => undefined);
    let reason: CodedError | undefined;
    const giveUp = (why: CodedError): void => {
      reason ??= why;
      request.destroy(why);
    };
    const { requestTimeoutMs } = this.limits;
    const timer = setTimeout(() => {
      giveUp(new CodedError('DEADLINE_EXCEEDED', `${url.host} did not answer within ${requestTimeoutMs} ms.`));
    }, requestTimeoutMs);
    const forget = onAbort(this.signal, () => giveUp(cancelled()));
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request.once('response', resolve).on('error', reject).end();
      });
      const body = await take(response);
      return { url, status: response.statusCode ?? 0, headers: response.headers, body };
    } catch (error) {
      throw reason ?? httpFault(error, url);
    } finally {
      clearTimeout(timer);
      forget();
      if (reason !== undefined) request.destroy();
    }
  }

  private async bodyOf(response: IncomingMessage, url: URL): Promise<Buffer> {
    const encoding = response.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') {
      response.destroy();
      throw new CodedError(
        'SOURCE_FAILED',
        `${url.host} answers in the encoding ${encoding}, which was not asked for.`,
      );
    }
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of response) {
      parts.push(part as Buffer);
      bytes += (part as Buffer).length;
      if (bytes > this.limits.maxBodyBytes) {
        throw new CodedError(
          'SOURCE_FAILED',
          `A page of ${url.host} is larger than the ${this.limits.maxBodyBytes} bytes that NESTOR_SOURCE_PAGE_MAX_BYTES allows.`,
        );
      }
    }
    return Buffer.concat(parts);
  }
}

/** Passes so many bytes on, and no more, and digests them on the way. */
function limited(maxBytes: number, url: URL, hash: Hash): Transform {
  let bytes = 0;
  return new Transform({
    transform: (piece: Buffer, _, done) => {
      bytes += piece.length;
      hash.update(piece);
      if (bytes <= maxBytes) done(null, piece);
      else
        done(new CodedError('SOURCE_FAILED', `${url.host} answers with more than the ${maxBytes} bytes it told of.`));
    },
  });
}

const cancelled = (): CodedError => new CodedError('CANCELLED', 'The work was cancelled.');

/** Answers the addresses that were checked, whatever the name resolves to now. */
const lookupOf =
  (addresses: readonly HostAddress[]): LookupFunction =>
  (_host, options, done) => {
    const [first] = addresses;
    if (options.all === true) done(null, [...addresses]);
    else done(null, first?.address ?? '', first?.family);
  };

function redirected(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw new CodedError('SOURCE_FAILED', `${from.host} redirects to no URL.`);
  const to = new URL(location, from);
  if (to.protocol !== 'https:' && (to.protocol !== 'http:' || from.protocol === 'https:')) {
    throw new CodedError('SOURCE_FAILED', `${from.host} redirects to ${to.protocol}, which is refused.`);
  }
  return to;
}

function httpFault(error: unknown, url: URL): CodedError {
  if (error instanceof CodedError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const isFaulty =
    isCertificateFault(error) || (error instanceof Error && 'code' in error && String(error.code).startsWith('HPE_'));
  return new CodedError(
    isFaulty ? 'SOURCE_FAILED' : 'SERVICE_UNAVAILABLE',
    `The connection to ${url.host} failed: ${message}.`,
    { cause: error },
  );
}
