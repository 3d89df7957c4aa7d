import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { OutboundHosts } from '../../../../common/outbound/outbound-hosts.js';
import type { StatementControl } from '../../engine/data-engine.js';
import type { Workbench } from '../../engine/data-engines.js';
import { type DatabaseConnection, PASSWORD_SECRET } from '../../sources/connections/database-connection.js';
import { SourceSecrets } from '../../sources/source-secrets.js';
import type { BatchRequest, Connector } from '../connector.js';
import type { StagedBatch } from '../staged-batch.js';
import { watermarkCursorOf } from '../unseen-rows.js';
import { readAll, readNew } from './database-batch.js';
import { presentColumns, relationOf } from './database-query.rules.js';
import { DatabaseSession } from './database-session.js';

/** Reads a table or a query of a PostgreSQL, as a whole or by a watermark. */
@Injectable()
export class DatabaseConnector implements Connector<DatabaseConnection> {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly hosts: OutboundHosts,
    private readonly secrets: SourceSecrets,
  ) {}

  /**
   * @throws {CodedError} SOURCE_FAILED, SERVICE_UNAVAILABLE, DEADLINE_EXCEEDED, ADDRESS_REFUSED, SECRET_UNREADABLE,
   * QUERY_LIMIT_EXCEEDED, CANCELLED.
   */
  async stage(
    { engine }: Workbench,
    connection: DatabaseConnection,
    { source, cursor }: BatchRequest,
    control: StatementControl,
  ): Promise<StagedBatch> {
    const access = {
      connection,
      addresses: await this.hosts.resolve(connection.host, connection.port),
      password: PASSWORD_SECRET in source.secrets ? this.secrets.read(source, PASSWORD_SECRET) : null,
      timeoutMs: this.settings.NESTOR_SOURCE_TIMEOUT_MS,
      signal: control.signal,
    };
    return DatabaseSession.use(access, async (session) => {
      const { columns } = source.schema;
      const relation = relationOf(connection);
      const found = await session.columns(`SELECT * FROM ${relation} LIMIT 0`);
      const present = presentColumns(found, columns);
      const { NESTOR_DATA_MAX_ROWS: maxRows, NESTOR_DATA_MAX_ROW_BYTES: maxRowLength } = this.settings;
      const reading = { session, engine, relation, found, columns, present, maxRows, maxRowLength, control };
      const batch = await (connection.watermark === null
        ? readAll(reading)
        : readNew(reading, connection.watermark, watermarkCursorOf(cursor)));
      const isWanted = new Set(columns.map(({ name }) => name));
      return {
        ...batch,
        missingColumns: columns.filter((column) => !present.includes(column)).map(({ name }) => name),
        extraColumns: found.map(({ name }) => name).filter((name) => !isWanted.has(name)),
      };
    });
  }
}
