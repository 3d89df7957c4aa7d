import type { JsonObject } from '../../../common/json/json-object.js';
import type { Digest } from '../../../common/storage/digest.js';
import type { StatementControl } from '../engine/data-engine.js';
import type { Workbench } from '../engine/data-engines.js';
import type { DataConnection } from '../sources/connections/connection.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import type { StagedBatch } from './staged-batch.js';

/** What is to be read of a source. */
export interface BatchRequest {
  readonly source: DataSourceEntity;
  /** The uploaded file, where the collection was told one. */
  readonly input: Digest | null;
  /** Whether the file holds pushed rows, as NDJSON, whatever the source's own data is. */
  readonly isPushed: boolean;
  /** What the batch before this one answered as {@link StagedBatch.cursor}; null at the beginning. */
  readonly cursor: JsonObject | null;
}

/** Reads sources of one kind. */
export interface Connector<Connection extends DataConnection> {
  /**
   * Puts a batch into the table `staged`, as text. Nothing outside of the workbench may depend on whether this was done:
   * it is done again after a failure.
   * @throws {CodedError} which says whether another attempt may help (see `attempt.rules.ts`).
   */
  stage(
    workbench: Workbench,
    connection: Connection,
    request: BatchRequest,
    control: StatementControl,
  ): Promise<StagedBatch>;

  /** Is told once the rows up to a cursor are visible; what it does may be done again, or never. */
  landed?(connection: Connection, source: DataSourceEntity, cursor: JsonObject): Promise<void>;
}
