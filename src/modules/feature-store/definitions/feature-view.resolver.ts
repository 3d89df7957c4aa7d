import { Args, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { PageArgs } from '../../../common/graphql/page.js';
import { ApplyFeatureViewInput, declaredViewOf, DeleteFeatureViewInput } from './dto/feature-view.inputs.js';
import { FeatureViewConnection, FeatureViewType } from './dto/feature-view.type.js';
import { FeatureViewService } from './feature-view.service.js';

@Resolver(() => FeatureViewType)
export class FeatureViewResolver {
  constructor(private readonly service: FeatureViewService) {}

  @RequirePermission('data:read')
  @Query(() => FeatureViewConnection, {
    description: 'The feature views of the workspace in their newest versions, by name.',
  })
  async featureViews(
    @Context() context: ActorContext,
    @Args() { first, after }: PageArgs,
  ): Promise<FeatureViewConnection> {
    const { edges, pageInfo } = await this.service.page(context, first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new FeatureViewType(node) })), pageInfo };
  }

  @RequirePermission('data:read')
  @Query(() => FeatureViewType, {
    nullable: true,
    description: 'A version of a feature view; null when there is none.',
  })
  async featureView(
    @Context() context: ActorContext,
    @Args('name', { type: () => String, description: 'Name of the view.' }) name: string,
    @Args('version', { type: () => Int, nullable: true, description: 'Number of the version. Default: the newest.' })
    version: number | null,
  ): Promise<FeatureViewType | null> {
    const view = await this.service.find(context, name, version ?? undefined);
    return view && new FeatureViewType(view);
  }

  @RequirePermission('data:manage')
  @Mutation(() => FeatureViewType, {
    description:
      'Makes a feature view, or a new version of it where the newest one says something else. Older versions stay.',
  })
  async applyFeatureView(
    @Context() context: ActorContext,
    @Args('input', { description: 'The view as it shall be.' }) input: ApplyFeatureViewInput,
  ): Promise<FeatureViewType> {
    return new FeatureViewType(await this.service.apply(context, declaredViewOf(input)));
  }

  @RequirePermission('data:manage')
  @Mutation(() => FeatureViewType, {
    description:
      'Deletes a feature view that no newest version of a service or view uses, and answers its newest version. What older versions of those pinned is kept.',
  })
  async deleteFeatureView(
    @Context() context: ActorContext,
    @Args('input', { description: 'The view.' }) { name }: DeleteFeatureViewInput,
  ): Promise<FeatureViewType> {
    return new FeatureViewType(await this.service.delete(context, name));
  }
}
