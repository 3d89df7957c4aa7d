import type { Deployment } from '../deployment.js';
import type { LoggingPolicy, Variant } from '../variant.js';

/** What the way of a prediction needs to know of a deployment. */
export interface RoutedDeployment {
  readonly id: string;
  readonly name: string;
  readonly logging: LoggingPolicy;
  /** Whether a canary runs in it, which is judged by the log. */
  readonly hasCanary: boolean;
  /** Those that answer. */
  readonly answering: readonly Variant[];
  readonly shadows: readonly Variant[];
}

/** The deployments of one workspace at one moment, by name. */
export type DeploymentCatalog = ReadonlyMap<string, RoutedDeployment>;

export const buildCatalog = (deployments: readonly Deployment[]): DeploymentCatalog =>
  new Map(deployments.map((deployment) => [deployment.name, routed(deployment)]));

const routed = ({ id, name, logging, canaryId, variants }: Deployment): RoutedDeployment => ({
  id,
  name,
  logging,
  hasCanary: canaryId !== null,
  answering: variants.filter(({ role }) => role !== 'SHADOW'),
  shadows: variants.filter(({ role }) => role === 'SHADOW'),
});
