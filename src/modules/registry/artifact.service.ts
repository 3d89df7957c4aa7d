import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../common/access/actor.js';
import { SETTINGS } from '../../common/config/config.module.js';
import type { Settings } from '../../common/config/settings.js';
import { CodedError } from '../../common/errors/coded-error.js';
import { ArtifactStore, type StoredArtifact } from '../../common/storage/artifact-store.js';
import { type Digest, isDigest } from '../../common/storage/digest.js';
import { AuditTrail } from '../audit/audit-trail.service.js';
import { ArtifactRepository } from './artifact.repository.js';

export interface UploadOptions {
  /** Size the client announced, in bytes. */
  readonly announcedBytes?: number | undefined;
  readonly expectedDigest?: Digest | undefined;
}

/** Files of a workspace. A digest that was not uploaded to a workspace does not exist for it. */
@Injectable()
export class ArtifactService {
  constructor(
    private readonly artifacts: ArtifactRepository,
    private readonly store: ArtifactStore,
    private readonly auditTrail: AuditTrail,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Stores a stream for the caller's workspace.
   * @returns `created`: false when the workspace had these bytes already.
   * @throws {CodedError} as `ArtifactStore.write`.
   */
  async upload(
    context: ActorContext,
    source: Readable,
    options: UploadOptions = {},
  ): Promise<StoredArtifact & { readonly created: boolean }> {
    const maxBytes = this.settings.NESTOR_ARTIFACT_MAX_BYTES;
    if ((options.announcedBytes ?? 0) > maxBytes) {
      throw new CodedError('ARTIFACT_TOO_LARGE', `An artifact may have at most ${maxBytes} bytes.`);
    }
    const stored = await this.store.write(source, { maxBytes, expectedDigest: options.expectedDigest });
    const created = await this.auditTrail.transaction(context, async (transaction) => {
      const added = await this.artifacts.add(transaction.manager, {
        ...stored,
        workspaceId: context.actor.workspaceId,
        createdBy: context.actor.id,
        createdAt: new Date(),
      });
      transaction.audit({
        action: 'artifact.upload',
        resourceType: 'artifact',
        resourceId: stored.digest,
        detail: { sizeBytes: stored.sizeBytes },
      });
      return added;
    });
    return { ...stored, created };
  }

  /** @throws {CodedError} INVALID_INPUT, ARTIFACT_NOT_FOUND */
  async find(context: ActorContext, digest: string): Promise<StoredArtifact> {
    if (!isDigest(digest)) {
      throw new CodedError('INVALID_INPUT', 'A digest is `sha256:` and 64 lower-case hexadecimal digits.');
    }
    const artifact = await this.artifacts.find(context.actor.workspaceId, digest);
    if (artifact !== null) return { digest, sizeBytes: artifact.sizeBytes };
    throw new CodedError(
      'ARTIFACT_NOT_FOUND',
      `No artifact ${digest} was uploaded to this workspace. Upload it by PUT /api/artifacts.`,
    );
  }

  async download(context: ActorContext, digest: string): Promise<StoredArtifact & { readonly content: Readable }> {
    const artifact = await this.find(context, digest);
    return { ...artifact, content: await this.store.read(artifact.digest) };
  }
}
