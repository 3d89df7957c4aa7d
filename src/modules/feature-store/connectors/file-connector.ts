import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { ArtifactStore } from '../../../common/storage/artifact-store.js';
import type { StatementControl } from '../engine/data-engine.js';
import type { Workbench } from '../engine/data-engines.js';
import { type FileConnection, isBucket, isFolder } from '../sources/connections/file-connection.js';
import { BucketReader } from './buckets/bucket-reader.js';
import type { BatchRequest, Connector } from './connector.js';
import { FileReader } from './file-reader.js';
import { FolderReader } from './folders/folder-reader.js';
import type { StagedBatch } from './staged-batch.js';

/** Reads the file that a collection was told, or those that are new in a folder or a bucket. */
@Injectable()
export class FileConnector implements Connector<FileConnection> {
  constructor(
    private readonly store: ArtifactStore,
    private readonly files: FileReader,
    private readonly folders: FolderReader,
    private readonly buckets: BucketReader,
  ) {}

  /** @throws {CodedError} INVALID_FILE, ARTIFACT_NOT_FOUND, SOURCE_FAILED, those of `BucketReader.stage`, QUERY_LIMIT_EXCEEDED, CANCELLED. */
  async stage(
    workbench: Workbench,
    connection: FileConnection,
    request: BatchRequest,
    control: StatementControl,
  ): Promise<StagedBatch> {
    if (isFolder(connection)) return this.folders.stage(workbench, connection, request, control);
    if (isBucket(connection)) return this.buckets.stage(workbench, connection, request, control);
    const { source, input } = request;
    const { engine, folder } = workbench;
    if (input === null) throw new Error(`A collection of the source ${source.id} was told no file.`);
    const path = join(folder, 'input');
    await this.store.fetchTo(input, path, control.signal);
    const rows = await this.files.judge(engine, path, connection, source.schema, new Date(), control);
    return { ...rows, cursor: null, isWhole: false };
  }
}
