import { Injectable } from '@nestjs/common';
import type { JsonObject } from '../../../common/json/json-object.js';
import type { StatementControl } from '../engine/data-engine.js';
import type { Workbench } from '../engine/data-engines.js';
import type { ConnectionOf, DataConnection, DataSourceKind } from '../sources/connections/connection.js';
import type { FileConnection } from '../sources/connections/file-connection.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import type { BatchRequest, Connector } from './connector.js';
import { ApiConnector } from './api/api-connector.js';
import { DatabaseConnector } from './database/database-connector.js';
import { FileConnector } from './file-connector.js';
import type { StagedBatch } from './staged-batch.js';
import { StreamConnector } from './streams/stream-connector.js';

/** How a file of pushed rows is read. */
const pushedFile: FileConnection = {
  kind: 'FILE',
  format: 'NDJSON',
  delimiter: null,
  folder: null,
  bucket: null,
  pattern: null,
};

/** The connector of each kind of source. */
@Injectable()
export class Connectors {
  private readonly byKind: { readonly [Kind in DataSourceKind]: Connector<ConnectionOf<Kind>> };

  constructor(file: FileConnector, database: DatabaseConnector, api: ApiConnector, stream: StreamConnector) {
    this.byKind = { FILE: file, DATABASE: database, API: api, STREAM: stream };
  }

  /** Reads a batch by the connector of its source. @see Connector.stage */
  stage(workbench: Workbench, request: BatchRequest, control: StatementControl): Promise<StagedBatch> {
    const { connection } = request.source;
    if (request.isPushed) return this.byKind.FILE.stage(workbench, pushedFile, request, control);
    return this.of(connection).stage(workbench, connection, request, control);
  }

  /** @see Connector.landed */
  async landed(source: DataSourceEntity, cursor: JsonObject | null): Promise<void> {
    const { connection } = source;
    if (cursor !== null) await this.of(connection).landed?.(connection, source, cursor);
  }

  private of({ kind }: DataConnection): Connector<DataConnection> {
    return this.byKind[kind];
  }
}
