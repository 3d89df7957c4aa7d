import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { ArtifactStore } from '../../../common/storage/artifact-store.js';
import type { StatementControl } from '../engine/data-engine.js';
import type { Workbench } from '../engine/data-engines.js';
import type { FileConnection } from '../sources/connections/file-connection.js';
import type { BatchRequest, Connector } from './connector.js';
import { FileReader } from './file-reader.js';
import type { StagedBatch } from './staged-batch.js';

/** Reads the file that a collection was told. */
@Injectable()
export class FileConnector implements Connector<FileConnection> {
  constructor(
    private readonly store: ArtifactStore,
    private readonly files: FileReader,
  ) {}

  /** @throws {CodedError} INVALID_FILE, ARTIFACT_NOT_FOUND, QUERY_LIMIT_EXCEEDED, CANCELLED. */
  async stage(
    { engine, folder }: Workbench,
    connection: FileConnection,
    { source, input }: BatchRequest,
    control: StatementControl,
  ): Promise<StagedBatch> {
    if (input === null) throw new Error(`A collection of the source ${source.id} was told no file.`);
    const path = join(folder, 'input');
    await this.store.fetchTo(input, path, control.signal);
    const rows = await this.files.stage(engine, path, connection, source.schema.columns, control);
    return { ...rows, cursor: null, isWhole: false };
  }
}
