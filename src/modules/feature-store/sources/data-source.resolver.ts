import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { PageArgs } from '../../../common/graphql/page.js';
import { DataSourceService } from './data-source.service.js';
import {
  changeOf,
  CreateDataSourceInput,
  DeleteDataSourceInput,
  newDataSourceOf,
  UpdateDataSourceInput,
} from './dto/data-source.inputs.js';
import { DataSourceConnection, DataSourceType } from './dto/data-source.type.js';

@Resolver(() => DataSourceType)
export class DataSourceResolver {
  constructor(private readonly service: DataSourceService) {}

  @RequirePermission('data:read')
  @Query(() => DataSourceConnection, { description: 'The data sources of the workspace, by name.' })
  async dataSources(
    @Context() context: ActorContext,
    @Args() { first, after }: PageArgs,
  ): Promise<DataSourceConnection> {
    const { edges, pageInfo } = await this.service.page(context, first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new DataSourceType(node) })), pageInfo };
  }

  @RequirePermission('data:read')
  @Query(() => DataSourceType, { nullable: true, description: 'A data source; null when there is none.' })
  async dataSource(
    @Context() context: ActorContext,
    @Args('name', { type: () => String, description: 'Name of the source.' }) name: string,
  ): Promise<DataSourceType | null> {
    const source = await this.service.find(context, name);
    return source && new DataSourceType(source);
  }

  @RequirePermission('data:manage')
  @Mutation(() => DataSourceType, { description: 'Creates a data source.' })
  async createDataSource(
    @Context() context: ActorContext,
    @Args('input', { description: 'The source.' }) input: CreateDataSourceInput,
  ): Promise<DataSourceType> {
    return new DataSourceType(await this.service.create(context, newDataSourceOf(input)));
  }

  @RequirePermission('data:manage')
  @Mutation(() => DataSourceType, {
    description:
      'Changes a data source. Snapshots stay as they are; collections that begin from now on go by the change.',
  })
  async updateDataSource(
    @Context() context: ActorContext,
    @Args('input', { description: 'The change.' }) input: UpdateDataSourceInput,
  ): Promise<DataSourceType> {
    return new DataSourceType(await this.service.update(context, changeOf(input)));
  }

  @RequirePermission('data:manage')
  @Mutation(() => DataSourceType, {
    description: 'Deletes a data source with its secrets, and answers what it was. Its snapshots are kept.',
  })
  async deleteDataSource(
    @Context() context: ActorContext,
    @Args('input', { description: 'The source.' }) input: DeleteDataSourceInput,
  ): Promise<DataSourceType> {
    return new DataSourceType(await this.service.delete(context, input.name));
  }
}
