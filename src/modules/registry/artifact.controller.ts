import { Readable } from 'node:stream';
import { Controller, Get, Header, Headers, Param, Put, Req, Res, StreamableFile } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Context, RequirePermission } from '../../common/access/access.decorators.js';
import type { ActorContext } from '../../common/access/actor.js';
import { CodedError } from '../../common/errors/coded-error.js';
import { STREAM_CONTENT_TYPE } from '../../common/http/stream-bodies.js';
import { type Digest, isDigest } from '../../common/storage/digest.js';
import { ArtifactService } from './artifact.service.js';

type UploadHeaders = Readonly<Record<string, string | undefined>>;

/** Bytes go by REST: GraphQL has no streams. */
@Controller('api/artifacts')
export class ArtifactController {
  constructor(private readonly artifacts: ArtifactService) {}

  /** Answers 201, or 200 when the workspace had the same bytes already. */
  @RequirePermission('artifact:write')
  @Put()
  async upload(
    @Context() context: ActorContext,
    @Req() request: FastifyRequest,
    @Headers() headers: UploadHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ digest: Digest; sizeBytes: number }> {
    const { body } = request;
    if (!(body instanceof Readable)) {
      throw new CodedError('BAD_REQUEST', `Send the file as the body, with content-type: ${STREAM_CONTENT_TYPE}.`);
    }
    const expectedDigest = announcedDigest(headers['x-nestor-digest'] ?? headers['digest']);
    const announcedBytes = Number(headers['content-length'] ?? 0);
    const { created, ...stored } = await this.artifacts.upload(context, body, { announcedBytes, expectedDigest });
    void reply.status(created ? 201 : 200);
    return stored;
  }

  @RequirePermission('model:read')
  @Get(':digest')
  @Header('cache-control', 'private, max-age=31536000, immutable')
  async download(
    @Context() context: ActorContext,
    @Param('digest') digest: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const artifact = await this.artifacts.download(context, digest);
    void reply.header('etag', `"${artifact.digest}"`);
    return new StreamableFile(artifact.content, {
      type: STREAM_CONTENT_TYPE,
      length: artifact.sizeBytes,
      disposition: 'attachment',
    });
  }
}

/** `sha256:<hex>`, or `sha-256=<base64>` as in RFC 3230. */
function announcedDigest(header: string | undefined): Digest | undefined {
  if (header === undefined) return undefined;
  const [, base64] = /^sha-256=([A-Za-z0-9+/]{43}=)$/i.exec(header) ?? [];
  const digest = base64 === undefined ? header : `sha256:${Buffer.from(base64, 'base64').toString('hex')}`;
  if (isDigest(digest)) return digest;
  throw new CodedError(
    'INVALID_INPUT',
    'The digest header is `sha256:` and 64 lower-case hexadecimal digits, or `sha-256=` and base64.',
  );
}
