import { setTimeout as sleep } from 'node:timers/promises';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { NestorClient } from './nestor-client.js';

export const RUN = `id status phase artifact attempts rowsRead rowsAccepted rowsQuarantined quarantine snapshotVersion
  isUnchanged error { code message }
  report { rowsRead rowsInvalid violations { rule column rows samples { row value } } }`;
const CREATE = 'mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { id } }';
const COLLECT = `mutation ($source: String!, $artifact: ID!) {
  collectDataSource(input: { source: $source, artifact: $artifact }) { ${RUN} } }`;
const FETCH = `mutation ($source: String!) { collectDataSource(input: { source: $source }) { ${RUN} } }`;
const SNAPSHOTS = `query ($source: String!) {
  dataSnapshots(source: $source, first: 100) { edges { node { version isIncrement artifact } } } }`;
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
  constructor(private readonly nestor: NestorClient) {}

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

  /** Has a source fetch what there is, and waits for the end. */
  async fetch(source: string): Promise<Run> {
    return this.ended((await this.begin(source)).id);
  }

  /** Has a source fetch what there is, and does not wait. */
  async begin(source: string): Promise<Run> {
    return (await this.nestor.ask<{ collectDataSource: Run }>(FETCH, { source })).collectDataSource;
  }

  /** All rows that a source has now, oldest first. */
  async rows(source: string): Promise<Record<string, unknown>[]> {
    const { dataSnapshots } = await this.nestor.ask<{
      dataSnapshots: { edges: { node: { isIncrement: boolean; artifact: string } }[] };
    }>(SNAPSHOTS, { source });
    const versions = dataSnapshots.edges.map(({ node }) => node);
    const whole = versions.findIndex(({ isIncrement }) => !isIncrement);
    const parts: Record<string, unknown>[][] = [];
    for (const { artifact } of versions.slice(0, whole + 1).toReversed()) {
      const response = await fetch(`${this.nestor.url}/api/artifacts/${artifact}`, { headers: this.nestor.key });
      parts.push(await parquetReadObjects({ file: await response.arrayBuffer(), compressors }));
    }
    return parts.flat();
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
