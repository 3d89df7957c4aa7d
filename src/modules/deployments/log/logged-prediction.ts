import type { ErrorCode } from '../../../common/errors/error-table.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { FeatureRecord, UsedFeatures } from '../../feature-store/bindings/used-features.rules.js';
import type { ModelContract } from '../../inference/prediction/model-contract.js';
import type { VariantRole } from '../variant.js';

/** The facts of a logged prediction, without what went in and came out. */
export interface PredictionRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly deploymentId: string;
  readonly deployment: string;
  readonly variant: string;
  readonly role: VariantRole;
  readonly model: string;
  readonly version: number;
  readonly requestId: string;
  /** Of a shadow: the prediction that was answered. */
  readonly primaryId: string | null;
  readonly latencyMs: number;
  readonly errorCode: ErrorCode | null;
  readonly sampled: boolean;
  readonly createdAt: Date;
}

/** What went in and came out, as tensors. */
export interface Payload {
  readonly contract: ModelContract;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly rows: number;
}

/** A prediction on its way into the log. */
export interface PredictionEntry extends PredictionRecord {
  /** Null where it was not asked by entity, or failed. */
  readonly features: UsedFeatures | null;
  /** Null where the policy keeps none, or the prediction failed. */
  readonly payload: Payload | null;
}

/** A prediction as the log has it. */
export interface LoggedPrediction extends PredictionRecord {
  readonly inputs: unknown;
  readonly outputs: unknown;
  /** What the inputs were made of; null where they were given, or it failed. */
  readonly features: FeatureRecord | null;
  readonly label: string | null;
}
