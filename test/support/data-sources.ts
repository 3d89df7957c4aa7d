import { setTimeout as sleep } from 'node:timers/promises';
import type { TestNestor } from './nestor.js';

export const RUN = `id status phase artifact attempts rowsRead rowsAccepted rowsQuarantined quarantine snapshotVersion
  isUnchanged error { code message }
  report { rowsRead rowsInvalid violations { rule column rows samples { row value } } }`;
const CREATE = 'mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { id } }';
const COLLECT = `mutation ($source: String!, $artifact: ID!) {
  collectDataSource(input: { source: $source, artifact: $artifact }) { ${RUN} } }`;
const COLLECTION = `query ($id: ID!) { dataCollection(id: $id) { ${RUN} } }`;

export interface Run {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly rowsAccepted: number | null;
  readonly rowsQuarantined: number | null;
  readonly quarantine: string | null;
  readonly snapshotVersion: number | null;
  readonly isUnchanged: boolean | null;
  readonly error: { code: string; message: string } | null;
  readonly report: { rowsRead: number; rowsInvalid: number; violations: readonly object[] } | null;
}

/** Data sources of a running Nestor, by GraphQL. */
export class DataSourcesClient {
  constructor(private readonly nestor: TestNestor) {}

  /** @returns its id. */
  async create(name: string, input: object): Promise<string> {
    const variables = { input: { name, kind: 'FILE', ...input } };
    return (await this.nestor.ask<{ createDataSource: { id: string } }>(CREATE, variables)).createDataSource.id;
  }

  /** Uploads a file and collects it to the end. */
  async collect(source: string, bytes: string | Uint8Array): Promise<Run> {
    const artifact = await this.nestor.upload(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    const { collectDataSource } = await this.nestor.ask<{ collectDataSource: Run }>(COLLECT, { source, artifact });
    return this.ended(collectDataSource.id);
  }

  async ended(id: string): Promise<Run> {
    for (;;) {
      const { dataCollection: run } = await this.nestor.ask<{ dataCollection: Run | null }>(COLLECTION, { id });
      if (run === null) throw new Error('The collection is gone.');
      if (!['QUEUED', 'RUNNING'].includes(run.status)) return run;
      await sleep(50);
    }
  }
}
