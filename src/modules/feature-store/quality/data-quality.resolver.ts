import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { PageArgs } from '../../../common/graphql/page.js';
import { expectationsOf, SetDataQualityExpectationsInput } from './dto/data-quality.inputs.js';
import { DataQualityConnection, DataQualityType } from './dto/data-quality.type.js';
import { DataQualityExpectationsType } from './dto/quality-expectations.type.js';
import { QualityService } from './quality.service.js';

@Resolver(() => DataQualityType)
export class DataQualityResolver {
  constructor(private readonly service: QualityService) {}

  @RequirePermission('data:read')
  @Query(() => DataQualityConnection, {
    description: 'What was measured of a data source, newest first: after each collection, and periodically.',
  })
  async dataQuality(
    @Context() context: ActorContext,
    @Args('source', { type: () => String, description: 'Name of the source.' }) source: string,
    @Args() { first, after }: PageArgs,
  ): Promise<DataQualityConnection> {
    const { edges, pageInfo } = await this.service.page(context, source, first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new DataQualityType(node) })), pageInfo };
  }

  @RequirePermission('data:read')
  @Query(() => DataQualityExpectationsType, { description: 'What is expected of the data of a source.' })
  async dataQualityExpectations(
    @Context() context: ActorContext,
    @Args('source', { type: () => String, description: 'Name of the source.' }) source: string,
  ): Promise<DataQualityExpectationsType> {
    return new DataQualityExpectationsType(await this.service.expectations(context, source));
  }

  @RequirePermission('data:manage')
  @Mutation(() => DataQualityExpectationsType, {
    description: 'Says what is expected of the data of a source, in place of what was said before.',
  })
  async setDataQualityExpectations(
    @Context() context: ActorContext,
    @Args('input', { description: 'The source, and what is expected of it.' }) input: SetDataQualityExpectationsInput,
  ): Promise<DataQualityExpectationsType> {
    return new DataQualityExpectationsType(await this.service.expect(context, input.source, expectationsOf(input)));
  }
}
