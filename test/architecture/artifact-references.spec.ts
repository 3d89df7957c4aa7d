import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { artifactReferences } from '../../src/artifact-references.js';
import { ArtifactReferences } from '../../src/modules/registry/artifact-sweep/artifact-reference.js';
import { startTestApi, type TestApi } from '../support/api.js';

/** Columns that are called digests, or whose JSON may hold some, and that refer to no artifact for the sweep. */
const others: Readonly<Record<string, readonly string[]>> = {
  // What the sweep itself works on.
  artifacts: ['digest'],
  artifact_files: ['digest'],
  // Files of the store that are no artifacts: the sweeper of batches deletes them.
  batch_inferences: ['spool_digest', 'columns', 'requested_by'],
  // Of a model's file, which the version has.
  inference_jobs: ['digest'],
  // Of what rows say, not of a file.
  data_snapshots: ['content_digest', 'schema', 'statistics'],
  pushed_rows: ['digest'],
  // Of files elsewhere, to tell when they change.
  data_source_cursors: ['cursor'],
  audit_events: ['detail'],
  data_collections: ['corrections', 'report', 'requested_by'],
  data_file_counts: ['counts'],
  data_issues: ['evidence'],
  data_quality_expectations: ['expectations'],
  data_quality_measurements: ['measurement'],
  data_sources: ['connection', 'schema', 'secrets'],
  deployment_canaries: ['gates', 'steps'],
  deployment_revisions: ['logging', 'variants'],
  executor_hosts: ['states'],
  executor_pools: ['autoscaling', 'resources'],
  feature_entities: ['join_keys'],
  feature_materializations: ['entity_cursor', 'requested_by', 'snapshots'],
  feature_parity_checks: ['report'],
  feature_service_versions: ['features'],
  feature_view_versions: ['definition', 'learned_from', 'state'],
  historical_features_jobs: ['features', 'requested_by', 'service', 'snapshots'],
  model_feature_bindings: ['defaults', 'tensors'],
  model_servings: ['policy', 'warm_up'],
  model_versions: ['metadata', 'onnx', 'signature', 'tags'],
  prediction_log: ['features', 'inputs', 'outputs'],
  registered_models: ['tags'],
};

let api: TestApi;
let dataSource: DataSource;
beforeAll(async () => {
  api = await startTestApi();
  dataSource = api.app.get(DataSource);
});
afterAll(() => api.close());

describe('the list of what refers to artifacts', () => {
  it('has every column that holds digests of artifacts', () => {
    const mayHold = dataSource.entityMetadatas.flatMap(({ tableName, columns }) =>
      columns
        .filter(({ databaseName, type }) => databaseName.includes('digest') || ['json', 'jsonb'].includes(String(type)))
        .map(({ databaseName }) => `${tableName}.${databaseName}`),
    );
    const listed = artifactReferences.map(({ table, digest }) => `${table}.${/^\w+/.exec(digest)?.[0] ?? ''}`);
    const known = Object.entries(others).flatMap(([table, columns]) => columns.map((column) => `${table}.${column}`));
    // Say of a new column in `src/artifact-references.ts`, or above, whether the sweep has to leave alone what it holds.
    expect(mayHold.filter((column) => !listed.includes(column) && !known.includes(column))).toEqual([]);
    expect([...listed, ...known].filter((column) => !mayHold.includes(column))).toEqual([]);
  });

  it('is valid SQL', async () => {
    const { sql } = new ArtifactReferences(artifactReferences);
    expect(await dataSource.query(`SELECT workspace_id, digest FROM (${sql}) AS used`, [new Date()])).toEqual([]);
  });
});
