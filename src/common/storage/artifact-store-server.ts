import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import { InstallationSecret } from '../crypto/installation-secret.js';
import { CodedError } from '../errors/coded-error.js';
import { errorTable } from '../errors/error-table.js';
import { registerStreamBodies } from '../http/stream-bodies.js';
import { parseEndpoint } from '../tls/endpoint.js';
import { serverOptions } from '../tls/shared-key.js';
import { artifactKey } from './artifact-key.js';
import { ArtifactStore, type ByteRange } from './artifact-store.js';
import { type Digest, isDigest } from './digest.js';

const MAX_CONNECTIONS = 256;
/** A connection on which nothing moves for so long is closed, in milliseconds. */
const IDLE_TIMEOUT_MS = 60_000;

interface OfDigest {
  readonly Params: { readonly digest: string };
}
interface OfRange extends OfDigest {
  readonly Querystring: { readonly start?: string; readonly end?: string };
}
interface OfUpload {
  readonly Querystring: { readonly maxBytes: string };
  readonly Body: Readable;
}

/**
 * Lends this process's artifact store to Nestor's processes on other machines: HTTP over TLS by a shared key, on a port
 * of its own. Whoever knows the key may do with artifacts what the store can do; no one else is heard.
 */
@Injectable()
export class ArtifactStoreServer implements OnApplicationShutdown {
  private server: FastifyInstance | undefined;

  constructor(
    private readonly store: ArtifactStore,
    private readonly secret: InstallationSecret,
  ) {}

  /** @param endpoint `host:port`. @returns the port. */
  async listen(endpoint: string): Promise<number> {
    const { host = '', firstPort: port = 0 } = parseEndpoint(endpoint) ?? {};
    const server = fastify({
      https: serverOptions(artifactKey(this.secret)),
      connectionTimeout: IDLE_TIMEOUT_MS,
      forceCloseConnections: true,
    });
    registerStreamBodies(server);
    server.server.maxConnections = MAX_CONNECTIONS;
    server.setErrorHandler(answerError);
    this.addRoutes(server);
    this.server = server;
    await server.listen({ host, port });
    return (server.server.address() as AddressInfo).port;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.server?.close();
  }

  private addRoutes(server: FastifyInstance): void {
    const { store } = this;
    server.get<OfDigest>('/artifacts/:digest/size', async ({ params }) => (await store.stat(digestOf(params))) ?? {});
    server.get<OfRange>('/artifacts/:digest', async ({ params, query }, reply) => {
      const content = await store.read(digestOf(params), rangeOf(query));
      return reply.type('application/octet-stream').send(content);
    });
    server.put<OfUpload>('/artifacts', async ({ body, query }) =>
      store.write(body, { maxBytes: Number(query.maxBytes) }),
    );
    server.delete<OfDigest>('/artifacts/:digest', async ({ params }) => {
      await store.delete(digestOf(params));
      return {};
    });
  }
}

function digestOf({ digest }: { readonly digest: string }): Digest {
  if (!isDigest(digest)) throw new CodedError('INVALID_INPUT', `${JSON.stringify(digest)} is no digest.`);
  return digest;
}

function rangeOf({ start = '0', end }: OfRange['Querystring']): ByteRange {
  return end === undefined ? { start: Number(start) } : { start: Number(start), end: Number(end) };
}

async function answerError(error: unknown, _request: unknown, reply: FastifyReply): Promise<void> {
  const { code, message } =
    error instanceof CodedError ? error : new CodedError('INTERNAL_SERVER_ERROR', 'The artifact store failed.');
  await reply.code(errorTable[code].status).send({ code, message });
}
