import { Injectable } from '@nestjs/common';
import type { StatementControl } from '../engine/data-engine.js';
import type { Workbench } from '../engine/data-engines.js';
import type { ConnectionOf, DataConnection, DataSourceKind } from '../sources/connections/connection.js';
import type { BatchRequest, Connector } from './connector.js';
import { DatabaseConnector } from './database/database-connector.js';
import { FileConnector } from './file-connector.js';
import type { StagedBatch } from './staged-batch.js';

/** The connector of each kind of source. */
@Injectable()
export class Connectors {
  private readonly byKind: { readonly [Kind in DataSourceKind]: Connector<ConnectionOf<Kind>> };

  constructor(file: FileConnector, database: DatabaseConnector) {
    this.byKind = { FILE: file, DATABASE: database };
  }

  /** Reads a batch by the connector of its source. @see Connector.stage */
  stage(workbench: Workbench, request: BatchRequest, control: StatementControl): Promise<StagedBatch> {
    const { connection } = request.source;
    const connector: Connector<DataConnection> = this.byKind[connection.kind];
    return connector.stage(workbench, connection, request, control);
  }
}
