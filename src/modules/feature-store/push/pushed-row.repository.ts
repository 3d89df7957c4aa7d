import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { SourceLine } from './source-line.rules.js';

/** A source for which rows wait. */
export interface WaitingSource {
  readonly workspaceId: string;
  readonly sourceId: string;
}

/** Rows that are read at a time. */
const READ_TOGETHER = 5_000;

/** Rows that were pushed to sources: kept until a snapshot has them, and known again for a while. */
@Injectable()
export class PushedRowRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Keeps the rows that are not known, in their order. @returns how many. */
  async keep(manager: EntityManager, source: WaitingSource, lines: readonly SourceLine[]): Promise<number> {
    const rows: readonly unknown[] = await manager.query(
      `WITH kept AS (
         INSERT INTO pushed_rows (workspace_id, source_id, digest, row)
         SELECT $1, $2, come.digest, come.text
         FROM unnest($3::bytea[], $4::text[]) WITH ORDINALITY AS come (digest, text, position) ORDER BY come.position
         ON CONFLICT (source_id, digest) DO NOTHING RETURNING id)
       SELECT id FROM kept`,
      [source.workspaceId, source.sourceId, lines.map(({ digest }) => digest), lines.map(({ text }) => text)],
    );
    return rows.length;
  }

  /** What became of the collections that have rows: a snapshot has them, they are refused, or they wait again. */
  async settle(): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM pushed_rows USING data_collections AS run
       WHERE pushed_rows.collection_id = run.id AND pushed_rows.row IS NOT NULL AND run.status = 'REJECTED'`,
    );
    await this.dataSource.query(
      `UPDATE pushed_rows SET row = CASE WHEN run.status <> 'SUCCEEDED' THEN row END,
         collection_id = CASE WHEN run.status = 'SUCCEEDED' THEN collection_id END
       FROM data_collections AS run
       WHERE pushed_rows.collection_id = run.id AND pushed_rows.row IS NOT NULL AND run.ended_at IS NOT NULL`,
    );
    await this.dataSource.query(
      `DELETE FROM pushed_rows USING data_sources AS source
       WHERE pushed_rows.source_id = source.id AND pushed_rows.row IS NOT NULL AND source.deleted_at IS NOT NULL`,
    );
  }

  /** Sources for which rows wait, and none of whose rows are being collected. */
  async waitingSources(): Promise<WaitingSource[]> {
    return this.dataSource.query<WaitingSource[]>(
      `SELECT DISTINCT workspace_id AS "workspaceId", source_id AS "sourceId" FROM pushed_rows AS waiting
       WHERE row IS NOT NULL AND NOT EXISTS (
         SELECT 1 FROM pushed_rows AS taken
         WHERE taken.source_id = waiting.source_id AND taken.row IS NOT NULL AND taken.collection_id IS NOT NULL)`,
    );
  }

  /**
   * The lines of the first rows of a source that wait, in their order.
   * @param count most rows.
   * @param taken is given their ids. One that comes later may be lower: its transaction took longer.
   */
  async *lines(sourceId: string, count: number, taken: string[]): AsyncGenerator<string> {
    let after = '0';
    while (taken.length < count) {
      const rows: readonly { id: string; row: string }[] = await this.dataSource.query(
        `SELECT waiting.id::text, waiting.row FROM pushed_rows AS waiting
         WHERE waiting.source_id = $1 AND waiting.row IS NOT NULL AND waiting.id > $2 ORDER BY waiting.id LIMIT $3`,
        [sourceId, after, Math.min(READ_TOGETHER, count - taken.length)],
      );
      const end = rows.at(-1);
      if (end === undefined) return;
      for (const { id } of rows) taken.push(id);
      yield `${rows.map(({ row }) => row).join('\n')}\n`;
      after = end.id;
    }
  }

  /** @param ids of rows, which belong to a collection from now on. */
  async assign(manager: EntityManager, ids: readonly string[], collectionId: string): Promise<void> {
    await manager.query('UPDATE pushed_rows SET collection_id = $2 WHERE id = ANY($1::bigint[])', [ids, collectionId]);
  }

  /** Rows that are in snapshots are known again for so many days. */
  async forget(days: number): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM pushed_rows WHERE row IS NULL AND pushed_at < now() - $1 * interval '1 day'`,
      [days],
    );
  }
}
