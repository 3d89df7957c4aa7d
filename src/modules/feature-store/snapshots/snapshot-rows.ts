import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { CodedError } from '../../../common/errors/coded-error.js';
import { ArtifactStore } from '../../../common/storage/artifact-store.js';
import { type Digest, hexOfDigest } from '../../../common/storage/digest.js';
import type { Workbench } from '../engine/data-engines.js';
import type { TypedColumn } from '../value-types.js';
import { DataSnapshotRepository } from './data-snapshot.repository.js';
import { rowsOfFiles } from './snapshot-rows.rules.js';

/** Reads the rows of a source as they were at a version: those of its snapshot and of all that it adds to. */
@Injectable()
export class SnapshotRows {
  constructor(
    private readonly snapshots: DataSnapshotRepository,
    private readonly store: ArtifactStore,
  ) {}

  /**
   * The Parquet files that together hold the rows, oldest first.
   * @throws {CodedError} NOT_FOUND
   */
  async files(sourceId: string, version: number): Promise<Digest[]> {
    return (await this.chain(sourceId, version)).digests;
  }

  /**
   * Puts the files into the folder of a workbench.
   * @returns a relation with the columns of the version's schema, as SQL that may stand after `FROM`. Its rows come in the
   * order of the versions, and within a version in the order of the batch.
   * @throws {CodedError} NOT_FOUND; ARTIFACT_NOT_FOUND, ARTIFACT_CORRUPT, STORAGE_FULL; CANCELLED
   */
  async fetch({ folder }: Workbench, sourceId: string, version: number, signal?: AbortSignal): Promise<string> {
    const { digests, columns } = await this.chain(sourceId, version);
    const pathOf = (digest: Digest) => join(folder, `${hexOfDigest(digest)}.parquet`);
    for (const digest of new Set(digests)) await this.store.fetchTo(digest, pathOf(digest), signal);
    return rowsOfFiles(digests.map(pathOf), columns);
  }

  private async chain(
    sourceId: string,
    version: number,
  ): Promise<{ readonly digests: Digest[]; readonly columns: readonly TypedColumn[] }> {
    const chain = await this.snapshots.chain(sourceId, version);
    const newest = chain.at(-1);
    if (newest === undefined) throw new CodedError('NOT_FOUND', `The data source has no snapshot ${version}.`);
    if (chain[0]?.isIncrement === true) throw new Error(`What snapshot ${newest.id} adds to is not there.`);
    return { digests: chain.map(({ artifactDigest }) => artifactDigest), columns: newest.schema.columns };
  }
}
