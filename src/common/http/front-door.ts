import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { CallRequest } from '../access/call-context.js';
import type { Settings } from '../config/settings.js';
import { nestorErrorForm } from '../errors/error-form.js';
import { type Report, toPublicError } from '../errors/public-error.js';
import { isCrossSite, safeHeaders } from './browser-safety.js';
import { requestIdOf } from './request-id.js';

/** A POST of plain JSON that the framework has not seen. */
export interface JsonPost extends CallRequest {
  readonly url: string;
  readonly raw: IncomingMessage;
}

export interface PostAnswer {
  readonly status: number;
  /** Media type; JSON where it is absent. */
  readonly type?: string;
  /** Headers beside those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface JsonPostHandler {
  /** Refuses a post before it is read, as cheaply as can be: it comes in floods; undefined lets it in. */
  readonly refuse?: () => PostAnswer | undefined;
  /** Undefined leaves the post to the framework, where nothing has been done yet. */
  readonly answer: (post: JsonPost, json: unknown) => Promise<PostAnswer | undefined>;
}

/** Finds who answers the posts of a URL, if anybody does. */
export type JsonPostRoute = (url: string) => JsonPostHandler | undefined;

/** Texts with which an object could be given another prototype; what has one in it is for the framework's parser. */
const SUSPICIOUS = /__proto__|constructor|\\u/;

/**
 * Answers the posts that come by the ten thousand in front of the framework, whose hooks, router and pipes cost more
 * than the predictions themselves. Only what is plain in every respect is answered here: JSON of a known length, not
 * compressed, from no other site, through no proxy that has to be believed. All else, and all that is malformed, goes
 * the framework's way, body included.
 */
export class FrontDoor {
  private readonly routes: JsonPostRoute[] = [];
  private readonly headers: readonly string[];
  private closing = false;

  constructor(
    private readonly settings: Settings,
    private readonly report: Report,
  ) {
    this.headers = Object.entries(safeHeaders(settings)).flat();
  }

  open(route: JsonPostRoute): void {
    this.routes.push(route);
  }

  get isClosing(): boolean {
    return this.closing;
  }

  /** From now on all new requests go the framework's way, and answers close their connections. */
  close(): void {
    this.closing = true;
  }

  inFrontOf(framework: RequestListener): RequestListener {
    return (request, response) => {
      const handler = this.handlerOf(request);
      const refusal = handler?.refuse?.();
      if (handler === undefined) framework(request, response);
      else if (refusal !== undefined) this.send(request, response, requestIdOf(request), refusal);
      else {
        readBody(request, (body) => {
          void this.offer(handler, request, response, body, () => {
            request.unshift(body);
            framework(request, response);
          });
        });
      }
    };
  }

  private handlerOf({ method, url, headers }: IncomingMessage): JsonPostHandler | undefined {
    if (method !== 'POST' || url === undefined || this.closing) return undefined;
    for (const route of this.routes) {
      const handler = route(url);
      if (handler !== undefined) return this.isPlain(headers) ? handler : undefined;
    }
    return undefined;
  }

  private isPlain(headers: IncomingHttpHeaders): boolean {
    const { NESTOR_BODY_MAX_BYTES, NESTOR_TRUST_PROXY, NESTOR_CORS_ORIGINS } = this.settings;
    const length = Number(headers['content-length'] ?? 0);
    return (
      length > 0 &&
      length <= NESTOR_BODY_MAX_BYTES &&
      headers['content-type']?.startsWith('application/json') === true &&
      headers['content-encoding'] === undefined &&
      !(NESTOR_TRUST_PROXY && headers['x-forwarded-for'] !== undefined) &&
      (headers.origin === undefined || NESTOR_CORS_ORIGINS.length === 0) &&
      !isCrossSite(headers)
    );
  }

  private async offer(
    handler: JsonPostHandler,
    raw: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    giveBack: () => void,
  ): Promise<void> {
    const json = parsed(body);
    if (json === undefined) return giveBack();
    const { headers, url = '', socket } = raw;
    const id = requestIdOf(raw);
    const post: JsonPost = { id, ip: socket.remoteAddress ?? '', headers, url, raw };
    try {
      const answer = await handler.answer(post, json);
      if (answer === undefined) giveBack();
      else this.send(raw, response, id, answer);
    } catch (thrown) {
      this.send(raw, response, id, nestorErrorForm(toPublicError(thrown, this.report)));
    }
  }

  private send(raw: IncomingMessage, response: ServerResponse, id: string, answer: PostAnswer): void {
    const { status, type = 'application/json; charset=utf-8', headers, body } = answer;
    const lines = [...this.headers, 'x-request-id', id, 'content-type', type];
    lines.push('content-length', String(Buffer.byteLength(body)));
    if (headers !== undefined) lines.push(...Object.entries(headers).flat());
    if (this.closing) lines.push('connection', 'close');
    raw.resume();
    response.writeHead(status, lines);
    response.end(body);
  }
}

/** Reads the body and leaves the request paused, so that it can still be given back. A client that leaves is forgotten. */
function readBody(request: IncomingMessage, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  let missing = Number(request.headers['content-length']);
  const take = (chunk: Buffer): void => {
    chunks.push(chunk);
    missing -= chunk.byteLength;
    if (missing > 0) return;
    request.off('data', take);
    request.pause();
    done(chunks.length === 1 ? chunk : Buffer.concat(chunks));
  };
  request.on('data', take);
}

/** Undefined for what the framework's parser has to look at. */
function parsed(body: Buffer): unknown {
  const text = body.toString();
  if (SUSPICIOUS.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
