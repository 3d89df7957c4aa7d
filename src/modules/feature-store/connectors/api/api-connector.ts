import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { OutboundHosts } from '../../../../common/outbound/outbound-hosts.js';
import type { DataEngine, StatementControl } from '../../engine/data-engine.js';
import type { Workbench } from '../../engine/data-engines.js';
import { quoted } from '../../engine/sql-text.js';
import type { ApiConnection } from '../../sources/connections/api-connection.js';
import { isHeaderValue } from '../../sources/connections/api-connection.rules.js';
import type { DataColumn } from '../../sources/data-source.js';
import type { DataSourceEntity } from '../../sources/entities/data-source.entity.js';
import { SourceSecrets } from '../../sources/source-secrets.js';
import type { BatchRequest, Connector } from '../connector.js';
import { jsonText, keysOf } from '../json-rows.js';
import { ROW, STAGED, type StagedBatch } from '../staged-batch.js';
import { ARRIVED, lowestOf, stageUnseen, watermarkCursorOf } from '../unseen-rows.js';
import { readPage, RECORDS } from './api-page.js';
import { followPages } from './api-pages.js';
import { HttpSession } from './http-session.js';

/** Most different keys of the records. */
const MAX_KEYS = 4_096;

/** Reads the records of an API, page by page. */
@Injectable()
export class ApiConnector implements Connector<ApiConnection> {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly hosts: OutboundHosts,
    private readonly secrets: SourceSecrets,
  ) {}

  /**
   * @throws {CodedError} SOURCE_FAILED, SERVICE_UNAVAILABLE, DEADLINE_EXCEEDED, ADDRESS_REFUSED, SECRET_UNREADABLE, NOT_FOUND
   * for a secret that is not there; QUERY_LIMIT_EXCEEDED, CANCELLED.
   */
  async stage(
    { engine }: Workbench,
    connection: ApiConnection,
    { source, cursor }: BatchRequest,
    control: StatementControl,
  ): Promise<StagedBatch> {
    const { watermark } = connection;
    const { columns } = source.schema;
    const before = watermark === null ? null : watermarkCursorOf(cursor);
    const start = new URL(connection.url);
    const now = new Date().toISOString();
    if (watermark !== null && before !== null) {
      start.searchParams.set(watermark.parameter, await lowestOf(engine, columns, watermark, before, control));
    }
    await this.fetch(engine, connection, start, this.headersOf(source, connection), control);
    const table = await this.arrive(engine, columns, watermark === null ? STAGED : ARRIVED, control);
    if (watermark === null) {
      if (table.rows === 0)
        throw new CodedError('SOURCE_FAILED', 'The API has no records. What was read before stays.');
      return { ...table, cursor: null, isWhole: false };
    }
    const unseen = await stageUnseen(engine, columns, { watermark, before, now, isCut: false }, control);
    return { ...table, rows: unseen.rows, cursor: unseen.cursor && { ...unseen.cursor }, isWhole: before === null };
  }

  /** Puts all records into a table. */
  private async fetch(
    engine: DataEngine,
    connection: ApiConnection,
    start: URL,
    headers: Readonly<Record<string, string>>,
    control: StatementControl,
  ): Promise<void> {
    const {
      NESTOR_SOURCE_TIMEOUT_MS: timeoutMs,
      NESTOR_SOURCE_REQUEST_TIMEOUT_MS: requestTimeoutMs,
      NESTOR_SOURCE_PAGE_MAX_BYTES: maxBodyBytes,
      NESTOR_SOURCE_MAX_PAGES: maxPages,
      NESTOR_SOURCE_MAX_BYTES: maxBytes,
      NESTOR_JOB_BACKOFF_MS: backoffMs,
      NESTOR_DATA_MAX_ROWS: maxRows,
    } = this.settings;
    const late = AbortSignal.timeout(timeoutMs);
    const signal = control.signal === undefined ? late : AbortSignal.any([control.signal, late]);
    const session = new HttpSession(this.hosts, { requestTimeoutMs, maxBodyBytes }, signal);
    const pointers = { records: connection.records, cursor: connection.pagination?.pointer ?? null };
    await engine.run(`CREATE TABLE ${RECORDS} (json JSON)`, [], control);
    let rows = 0;
    try {
      await followPages(
        session,
        connection,
        start,
        headers,
        { maxPages, maxBytes, backoffMs },
        signal,
        async (body, format) => {
          const page = await readPage(engine, body, format, pointers, { ...control, signal });
          rows += page.records;
          if (rows <= maxRows) return page;
          throw new CodedError(
            'SOURCE_FAILED',
            `The API has more than the ${maxRows} records that NESTOR_DATA_MAX_ROWS allows.`,
          );
        },
      );
    } catch (error) {
      if (!late.aborted || control.signal?.aborted === true) throw error;
      throw new CodedError('DEADLINE_EXCEEDED', `The API was not read within ${timeoutMs} ms.`, { cause: error });
    } finally {
      session.close();
    }
  }

  /** Takes the columns of the schema out of the records. */
  private async arrive(
    engine: DataEngine,
    columns: readonly DataColumn[],
    table: string,
    control: StatementControl,
  ): Promise<Omit<StagedBatch, 'cursor' | 'isWhole'>> {
    const keys = await keysOf(engine, RECORDS, MAX_KEYS + 1, control);
    if (keys.length > MAX_KEYS)
      throw new CodedError('SOURCE_FAILED', `The records have more than ${MAX_KEYS} different keys.`);
    const present = new Set(keys);
    const texts = columns.map((column) => `CAST(${jsonText(column)} AS VARCHAR) AS ${quoted(column.name)}`);
    await engine.run(
      `CREATE TABLE ${table} AS SELECT row_number() OVER () AS ${quoted(ROW)}, ${texts.join(', ')} FROM ${RECORDS}`,
      [],
      control,
    );
    const [counted] = await engine.rows(`SELECT count(*) AS rows FROM ${table}`, [], control);
    const wanted = new Set(columns.map(({ name }) => name));
    return {
      rows: Number(counted?.['rows']),
      missingColumns: columns.map(({ name }) => name).filter((name) => !present.has(name)),
      extraColumns: keys.filter((name) => !wanted.has(name)),
    };
  }

  private headersOf(source: DataSourceEntity, { headers }: ApiConnection): Record<string, string> {
    return Object.fromEntries(
      headers.map(({ name, value, secret }) => {
        const text = secret === null ? (value ?? '') : this.secrets.read(source, secret);
        if (isHeaderValue(name, text)) return [name.toLowerCase(), text];
        throw new CodedError('SOURCE_FAILED', `The secret ${secret ?? ''} cannot be sent as the header ${name}.`);
      }),
    );
  }
}
