import { Args, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { FeatureViewRepository } from '../definitions/feature-view.repository.js';
import { FeatureParityType } from './dto/feature-parity.type.js';
import { ParityRepository } from './parity.repository.js';

@Resolver(() => FeatureParityType)
export class ParityResolver {
  constructor(
    private readonly views: FeatureViewRepository,
    private readonly parity: ParityRepository,
  ) {}

  @RequirePermission('data:read')
  @Query(() => FeatureParityType, {
    nullable: true,
    description:
      'Whether a feature view is online as it is offline, as found last by comparing samples; null where it was not looked ' +
      'at yet. A view is looked at once it was materialized.',
  })
  async featureParity(
    @Context() { actor }: ActorContext,
    @Args('view', { type: () => String, description: 'Name of the view.' }) name: string,
  ): Promise<FeatureParityType | null> {
    const view = await this.views.find(actor.workspaceId, name);
    if (view === null) {
      throw new CodedError(
        'NOT_FOUND',
        `There is no feature view ${JSON.stringify(name.slice(0, 128))} in this workspace.`,
      );
    }
    const found = await this.parity.find(view.viewId);
    if (found === null || found.report === null || found.checkedAt === null) return null;
    return new FeatureParityType(found.report, found.checkedAt);
  }
}
