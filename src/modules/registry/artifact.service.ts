import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../common/access/actor.js';
import { SETTINGS } from '../../common/config/config.module.js';
import type { Settings } from '../../common/config/settings.js';
import type { EntityManager } from 'typeorm';
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
    const stored = await this.store.write(source, {
      maxBytes,
      expectedDigest: options.expectedDigest,
      beforeStored: (digest) => this.artifacts.announceFile(digest),
    });
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
  async find({ actor }: ActorContext, digest: string): Promise<StoredArtifact> {
    assertDigest(digest);
    return storedOf(digest, await this.artifacts.find(actor.workspaceId, digest));
  }

  /**
   * As `find`, for one that a row is about to refer to: the sweep leaves it alone for as long as it does what nobody uses.
   * @param manager of a transaction, where the row is written by one that has begun.
   * @throws {CodedError} INVALID_INPUT, ARTIFACT_NOT_FOUND
   */
  async hold({ actor }: ActorContext, digest: string, manager?: EntityManager): Promise<StoredArtifact> {
    assertDigest(digest);
    return storedOf(digest, await this.artifacts.hold(actor.workspaceId, digest, manager));
  }

  async download(context: ActorContext, digest: string): Promise<StoredArtifact & { readonly content: Readable }> {
    const artifact = await this.find(context, digest);
    return { ...artifact, content: await this.store.read(artifact.digest) };
  }
}

function assertDigest(digest: string): asserts digest is Digest {
  if (isDigest(digest)) return;
  throw new CodedError('INVALID_INPUT', 'A digest is `sha256:` and 64 lower-case hexadecimal digits.');
}

function storedOf(digest: Digest, artifact: { readonly sizeBytes: number } | null): StoredArtifact {
  if (artifact !== null) return { digest, sizeBytes: artifact.sizeBytes };
  throw new CodedError(
    'ARTIFACT_NOT_FOUND',
    `No artifact ${digest} was uploaded to this workspace, or it was not used and deleted. Upload it by PUT /api/artifacts.`,
  );
}
