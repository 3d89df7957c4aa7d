import type { Actor } from '../../../../common/access/actor.js';
import type { Delivery } from '../../../../common/queue/delivery.js';
import type { ErrorCode } from '../../../../common/errors/error-table.js';
import type { Digest } from '../../../../common/storage/digest.js';
import type { ServiceFeature } from '../../definitions/feature-service.js';
import type { NamedSnapshot } from '../source-snapshots.js';

/** States of a job. */
export const historicalFeaturesStatuses = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'] as const;

export type HistoricalFeaturesStatus = (typeof historicalFeaturesStatuses)[number];

/** What a running job is at. */
export const historicalFeaturesPhases = ['READING_LABELS', 'READING_VIEWS', 'JOINING', 'STORING'] as const;

export type HistoricalFeaturesPhase = (typeof historicalFeaturesPhases)[number];

/** The rows that get features. Rows that came with the request are kept as a file of NDJSON. */
export type LabelsReference =
  | { readonly kind: 'FILE'; readonly digest: Digest }
  | { readonly kind: 'SNAPSHOT'; readonly source: string; readonly sourceId: string; readonly version: number };

/** A row of the result as it is shown: JSON has no moments, and no numbers that are not finite. */
export type PreviewRow = Readonly<Record<string, string | number | boolean | null>>;

/** What is asked for. It never changes, so that each attempt makes the same of it. */
export interface HistoricalFeaturesRequest {
  readonly workspaceId: string;
  /** Null where the features were named one by one. */
  readonly service: { readonly id: string; readonly name: string; readonly version: number } | null;
  /** In the order of the result; `as` is the name of the column there. */
  readonly features: readonly ServiceFeature[];
  readonly labels: LabelsReference;
  /** The column of the labels with the moment at which each row looks at the features. */
  readonly eventTimeColumn: string;
  /** The versions at which the sources of the views are read. */
  readonly snapshots: readonly NamedSnapshot[];
  readonly requestId: string;
  readonly requestedBy: Pick<Actor, 'kind' | 'id' | 'name'>;
  readonly maxAttempts: number;
}

/** What came of it. */
export interface HistoricalFeaturesResult {
  readonly resultDigest: Digest;
  readonly sizeBytes: number;
  readonly rowCount: number;
  readonly preview: readonly PreviewRow[];
}

export interface HistoricalFeaturesJob extends HistoricalFeaturesRequest, Delivery {
  readonly status: HistoricalFeaturesStatus;
  readonly phase: HistoricalFeaturesPhase | null;
  readonly attempts: number;
  readonly result: HistoricalFeaturesResult | null;
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}
