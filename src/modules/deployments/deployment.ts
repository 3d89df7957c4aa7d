import type { DeploymentPlan, Environment } from './variant.js';

/** A deployment as it was at one revision. */
export interface Deployment extends DeploymentPlan {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly environment: Environment;
  readonly description: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly revision: number;
  /** Id of the canary that runs in it now, whatever the revision. */
  readonly canaryId: string | null;
  /** The earlier revision that a rollback went back to. */
  readonly restores: number | null;
  readonly reason: string;
  readonly revisedBy: string;
  readonly revisedAt: Date;
}

export interface DeploymentCriteria {
  readonly environment?: Environment | undefined;
  /** Part of the name, in upper or lower case. */
  readonly nameContains?: string | undefined;
  /** Name of a model that one of the variants uses. */
  readonly model?: string | undefined;
}
