import { RUN, type Run } from './data-sources.js';
import { until } from './launcher/homes.js';
import type { NestorClient } from './nestor-client.js';

const COLLECT = `mutation ($source: String!, $artifact: ID!) {
  collectDataSource(input: { source: $source, artifact: $artifact }) { id } }`;
const COLLECTIONS = `query ($source: String!) {
  dataCollections(source: $source, first: 100) { edges { node { ${RUN} } } } }`;
const SNAPSHOTS = `query ($source: String!) {
  dataSnapshots(source: $source, first: 100) { edges { node { version rowCount totalRowCount } } } }`;
const MATERIALIZE = `mutation ($input: MaterializeFeatureViewInput!) { materializeFeatureView(input: $input) { id } }`;
const MATERIALIZATION = `query ($id: ID!) { featureMaterialization(id: $id) {
  status attempts rowsRead rowsWritten error { code } } }`;
const PUSH = 'mutation ($input: PushFeaturesInput!) { pushFeatures(input: $input) { written } }';
const ONLINE = 'query ($input: OnlineFeaturesInput!) { onlineFeatures(input: $input) { features { values } } }';
const REQUEST = 'mutation ($input: HistoricalFeaturesInput!) { requestHistoricalFeatures(input: $input) { id } }';
const JOB = `query ($id: ID!) { historicalFeatures(id: $id) {
  status attempts artifact sizeBytes rowCount preview error { code } } }`;

export interface Snapshot {
  readonly version: number;
  readonly rowCount: number;
  readonly totalRowCount: number;
}

export interface Materialization {
  readonly status: string;
  readonly rowsRead: number;
}

export interface HistoricalJob {
  readonly status: string;
  readonly artifact: string | null;
  /** The first rows of the result. */
  readonly preview: readonly Readonly<Record<string, unknown>>[];
}

/** Work on data of a running Nestor, which is begun and looked at, by GraphQL. */
export class DataWork {
  constructor(private readonly nestor: NestorClient) {}

  /** @returns the id of the collection. */
  async collect(source: string, csv: string): Promise<string> {
    const artifact = await this.nestor.upload(Buffer.from(csv));
    const variables = { source, artifact };
    return (await this.nestor.ask<{ collectDataSource: { id: string } }>(COLLECT, variables)).collectDataSource.id;
  }

  /** Newest first, as all lists. */
  async collections(source: string): Promise<Run[]> {
    const answer = await this.nestor.ask<{ dataCollections: { edges: { node: Run }[] } }>(COLLECTIONS, { source });
    return answer.dataCollections.edges.map(({ node }) => node);
  }

  async snapshots(source: string): Promise<Snapshot[]> {
    const answer = await this.nestor.ask<{ dataSnapshots: { edges: { node: Snapshot }[] } }>(SNAPSHOTS, { source });
    return answer.dataSnapshots.edges.map(({ node }) => node);
  }

  /** @returns the id of the materialization. */
  async materialize(view: string, to: string): Promise<string> {
    const variables = { input: { view, to } };
    const answer = await this.nestor.ask<{ materializeFeatureView: { id: string } }>(MATERIALIZE, variables);
    return answer.materializeFeatureView.id;
  }

  async materialization(id: string): Promise<Materialization> {
    const answer = await this.nestor.ask<{ featureMaterialization: Materialization }>(MATERIALIZATION, { id });
    return answer.featureMaterialization;
  }

  async push(view: string, to: 'ONLINE' | 'OFFLINE' | 'BOTH', rows: readonly object[]): Promise<void> {
    await this.nestor.ask(PUSH, { input: { view, to, rows } });
  }

  /** The value of a feature for each entity. */
  async online(feature: string, entities: readonly object[]): Promise<unknown[]> {
    const variables = { input: { features: [feature], entities } };
    const answer = await this.nestor.ask<{ onlineFeatures: { features: { values: unknown[] }[] } }>(ONLINE, variables);
    return answer.onlineFeatures.features[0]?.values ?? [];
  }

  /** @returns the id of the job. */
  async request(
    features: readonly string[],
    labelsCsv: string,
    eventTimeColumn: string,
    more: object = {},
  ): Promise<string> {
    const artifact = await this.nestor.upload(Buffer.from(labelsCsv));
    const variables = { input: { features, labels: { artifact }, eventTimeColumn, ...more } };
    const answer = await this.nestor.ask<{ requestHistoricalFeatures: { id: string } }>(REQUEST, variables);
    return answer.requestHistoricalFeatures.id;
  }

  async job(id: string): Promise<HistoricalJob> {
    return (await this.nestor.ask<{ historicalFeatures: HistoricalJob }>(JOB, { id })).historicalFeatures;
  }
}

/** Waits until work has ended. @param read how it is now. */
export async function ended<Work extends { readonly status: string }>(read: () => Promise<Work>): Promise<Work> {
  await until(async () => !['QUEUED', 'RUNNING'].includes((await read()).status));
  return read();
}
