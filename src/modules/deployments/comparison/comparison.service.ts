import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { DeploymentRepository } from '../deployment.repository.js';
import type { Deployment } from '../deployment.js';
import { unknownDeployment } from '../routing/deployment-snapshot.js';
import type { Variant } from '../variant.js';
import { championOf } from '../variants.rules.js';
import { compare, type Comparison } from './comparison.rules.js';
import type { VariantResults } from './variant-results.js';
import { VariantResultsRepository } from './variant-results.repository.js';

export interface MeasuredVariant {
  readonly variant: Variant;
  readonly results: VariantResults;
}

export interface ComparedVariant extends MeasuredVariant {
  readonly comparison: Comparison;
}

export interface DeploymentComparison {
  readonly deployment: Deployment;
  readonly since: Date;
  readonly champion: MeasuredVariant;
  /** Challengers and shadows, each against the champion. */
  readonly contenders: readonly ComparedVariant[];
}

@Injectable()
export class ComparisonService {
  constructor(
    private readonly deployments: DeploymentRepository,
    private readonly results: VariantResultsRepository,
  ) {}

  /**
   * Compares what is live now with its champion.
   * @param since default: since the live revision began, for under other weights other callers may have come.
   * @throws {CodedError} DEPLOYMENT_NOT_FOUND
   */
  async compare({ actor }: ActorContext, name: string, since: Date | undefined): Promise<DeploymentComparison> {
    const deployment = await this.deployments.find(actor.workspaceId, name);
    if (deployment === null) throw unknownDeployment(name);
    const from = since ?? deployment.revisedAt;
    const resultsOf = await this.results.of(actor.workspaceId, deployment.id, from);
    const variant = championOf(deployment.variants);
    const champion = { variant, results: resultsOf(variant) };
    const contenders = deployment.variants
      .filter((other) => other !== variant)
      .map((contender) => {
        const results = resultsOf(contender);
        return { variant: contender, results, comparison: compare(results.rewards, champion.results.rewards) };
      });
    return { deployment, since: from, champion, contenders };
  }
}
