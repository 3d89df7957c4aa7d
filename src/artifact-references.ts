import type { ArtifactReference } from './modules/registry/artifact-sweep/artifact-reference.js';

/**
 * Everything that refers to artifacts. The sweep deletes what none of these has, so whoever adds a column with digests of
 * artifacts lists it here; `test/architecture/artifact-references.spec.ts` finds out who forgot.
 */
export const artifactReferences: readonly ArtifactReference[] = [
  { table: 'model_versions', digest: 'digest' },
  { table: 'data_snapshots', digest: 'artifact_digest' },
  {
    table: 'data_collections',
    digest: 'input_digest',
    // What a snapshot came from is kept as long as the snapshot; what none came from, for a while.
    unless: `ended_at < $1 AND NOT EXISTS (SELECT 1 FROM data_snapshots AS made WHERE made.collection_id = own.id)`,
  },
  // Rows that left quarantine are in a snapshot.
  {
    table: 'data_collections',
    digest: 'quarantine_digest',
    unless: 'ended_at < $1 AND open_quarantine_digest IS NULL',
  },
  { table: 'data_collections', digest: 'open_quarantine_digest' },
  // Batches are deleted themselves when they have ended for long.
  { table: 'batch_inferences', digest: 'input_digest' },
  { table: 'batch_inferences', digest: 'rows_digest' },
  { table: 'batch_inferences', digest: 'output_digest' },
  {
    table: 'historical_features_jobs',
    digest: "labels ->> 'digest'",
    unless: `ended_at < $1 AND status IN ('FAILED', 'CANCELLED')`,
  },
  { table: 'historical_features_jobs', digest: "result ->> 'resultDigest'" },
];
