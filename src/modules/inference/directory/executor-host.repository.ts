import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { ExecutorHostState } from '../protocol/executor-state.js';

/** Executors serve all workspaces, so their directory belongs to none. All times are the database's. */
@Injectable()
export class ExecutorHostRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async save(host: ExecutorHostState): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO executor_hosts (host_id, states, heartbeat_at) VALUES ($1, $2, now())
       ON CONFLICT (host_id) DO UPDATE SET states = EXCLUDED.states, heartbeat_at = EXCLUDED.heartbeat_at`,
      [host.hostId, JSON.stringify(host)],
    );
  }

  async delete(hostId: string): Promise<void> {
    await this.dataSource.query('DELETE FROM executor_hosts WHERE host_id = $1', [hostId]);
  }

  async deleteOlderThan(milliseconds: number): Promise<void> {
    await this.dataSource.query(`DELETE FROM executor_hosts WHERE heartbeat_at < now() - $1 * interval '1 ms'`, [
      milliseconds,
    ]);
  }

  /** The hosts that were heard of within so many milliseconds, in order of their ids. */
  async heardWithin(milliseconds: number): Promise<ExecutorHostState[]> {
    const rows: readonly { states: ExecutorHostState }[] = await this.dataSource.query(
      `SELECT states FROM executor_hosts WHERE heartbeat_at > now() - $1 * interval '1 ms' ORDER BY host_id`,
      [milliseconds],
    );
    return rows.map(({ states }) => states);
  }
}
