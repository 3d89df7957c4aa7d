import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import type { JsonObject } from '../../../../common/json/json-object.js';
import type { DataEngine } from '../../engine/data-engine.js';
import type { Workbench } from '../../engine/data-engines.js';
import { quoted } from '../../engine/sql-text.js';
import {
  STREAM_PASSWORD_SECRET,
  type StreamConnection,
  type StreamConnectionOf,
  type StreamSystem,
} from '../../sources/connections/stream-connection.js';
import type { DataColumn } from '../../sources/data-source.js';
import type { DataSourceEntity } from '../../sources/entities/data-source.entity.js';
import { SourceSecrets } from '../../sources/source-secrets.js';
import type { FeatureValue, TypedColumn } from '../../value-types.js';
import type { BatchRequest, Connector } from '../connector.js';
import { ROW, STAGED, type StagedBatch } from '../staged-batch.js';
import { KafkaReader } from './kafka/kafka-reader.js';
import { RedisStreamReader } from './redis-stream-reader.js';
import type { StreamAccess, StreamEntry, StreamReader } from './stream-reader.js';

/** Rows that are given to the engine at a time. */
const APPEND_ROWS = 2_048;

/** Reads streams in micro-batches: what comes after the cursor of the source, as much as a batch may hold. */
@Injectable()
export class StreamConnector implements Connector<StreamConnection> {
  private readonly readers: { readonly [System in StreamSystem]: StreamReader<StreamConnectionOf<System>> };

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly secrets: SourceSecrets,
    redis: RedisStreamReader,
    kafka: KafkaReader,
  ) {
    this.readers = { REDIS: redis, KAFKA: kafka };
  }

  async stage(
    { engine }: Workbench,
    connection: StreamConnection,
    { source, cursor }: BatchRequest,
  ): Promise<StagedBatch> {
    const limits = {
      entries: this.settings.NESTOR_DATA_STREAM_BATCH_ROWS,
      bytes: this.settings.NESTOR_DATA_STREAM_BATCH_BYTES,
    };
    const batch = await this.readerOf(connection).read(this.accessOf(source, connection), cursor, limits);
    await stageEntries(engine, source.schema.columns, batch.entries);
    const present = new Set(batch.entries.flatMap((entry) => [...entry.keys()]));
    const names = source.schema.columns.map(({ name }) => name);
    return {
      rows: batch.entries.length,
      missingColumns: names.filter((name) => !present.has(name)),
      extraColumns: [...present].filter((name) => !names.includes(name)),
      cursor: batch.cursor,
      // A stream forgets its oldest entries, so what there is at its beginning is never all.
      isWhole: false,
    };
  }

  async landed(connection: StreamConnection, source: DataSourceEntity, cursor: JsonObject): Promise<void> {
    await this.readerOf(connection).acknowledge(this.accessOf(source, connection), cursor);
  }

  /** Whether a collection would find rows. @throws {CodedError} as `stage`. */
  async hasMore(connection: StreamConnection, source: DataSourceEntity, cursor: JsonObject | null): Promise<boolean> {
    return this.readerOf(connection).hasMore(this.accessOf(source, connection), cursor);
  }

  private readerOf({ system }: StreamConnection): StreamReader<StreamConnection> {
    return this.readers[system];
  }

  private accessOf(source: DataSourceEntity, connection: StreamConnection): StreamAccess {
    const hasPassword = Object.hasOwn(source.secrets, STREAM_PASSWORD_SECRET);
    const password = hasPassword ? this.secrets.read(source, STREAM_PASSWORD_SECRET) : null;
    const json = source.schema.columns.filter(({ type }) => type === 'JSON');
    const jsonColumns = new Set(json.map(({ name }) => name));
    return { connection, sourceId: source.id, password, jsonColumns };
  }
}

/** Puts entries into the table `staged`; what an entry does not have is null. */
async function stageEntries(
  engine: DataEngine,
  columns: readonly DataColumn[],
  entries: readonly StreamEntry[],
): Promise<void> {
  const staged: TypedColumn[] = [
    { name: ROW, type: 'INT64' },
    ...columns.map(({ name }) => ({ name, type: 'STRING' as const })),
  ];
  const types = staged.map(({ name, type }) => `${quoted(name)} ${type === 'INT64' ? 'BIGINT' : 'VARCHAR'}`);
  await engine.run(`CREATE TABLE ${STAGED} (${types.join(', ')})`);
  async function* batches(): AsyncGenerator<FeatureValue[][]> {
    for (let start = 0; start < entries.length; start += APPEND_ROWS) {
      const part = entries.slice(start, start + APPEND_ROWS);
      yield await Promise.resolve(
        part.map((entry, at) => [start + at + 1, ...columns.map(({ name }) => entry.get(name) ?? null)]),
      );
    }
  }
  await engine.append(STAGED, staged, batches());
}
