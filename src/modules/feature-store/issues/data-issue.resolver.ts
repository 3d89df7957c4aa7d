import { Args, ID, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { PageArgs } from '../../../common/graphql/page.js';
import { DataIssueService } from './data-issue.service.js';
import {
  AcknowledgeDataIssueInput,
  DataIssueConnection,
  DataIssueFilter,
  DataIssueType,
} from './dto/data-issue.type.js';
import type { DataIssueEntity } from './entities/data-issue.entity.js';

@Resolver(() => DataIssueType)
export class DataIssueResolver {
  constructor(private readonly service: DataIssueService) {}

  @RequirePermission('data:read')
  @Query(() => DataIssueConnection, { description: 'What is or was wrong with data, newest first.' })
  async dataIssues(
    @Context() context: ActorContext,
    @Args() { first, after }: PageArgs,
    @Args('filter', { type: () => DataIssueFilter, nullable: true, description: 'Which to list. Default: all.' })
    filter?: DataIssueFilter,
  ): Promise<DataIssueConnection> {
    const criteria = {
      statuses: filter?.status ?? undefined,
      kind: filter?.kind ?? undefined,
      subjectType: filter?.source == null ? undefined : ('data-source' as const),
      subjectName: filter?.source ?? undefined,
    };
    const { edges, pageInfo } = await this.service.page(context, criteria, first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new DataIssueType(node) })), pageInfo };
  }

  @RequirePermission('data:read')
  @Query(() => DataIssueType, { nullable: true, description: 'A data issue; null where there is none of this id.' })
  async dataIssue(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the issue.' }) id: string,
  ): Promise<DataIssueType | null> {
    const issue = await this.service.find(context, id);
    return issue && new DataIssueType(issue);
  }

  @RequirePermission('data:manage')
  @Mutation(() => DataIssueType, {
    description: 'Says that somebody knows of a data issue. It goes on until it is no longer found.',
  })
  async acknowledgeDataIssue(
    @Context() context: ActorContext,
    @Args('input', { description: 'The issue.' }) input: AcknowledgeDataIssueInput,
  ): Promise<DataIssueType> {
    return new DataIssueType(await this.service.acknowledge(context, input.id, input.note ?? null));
  }

  @RequirePermission('data:read')
  @Subscription(() => DataIssueType, {
    description: 'Each data issue of the workspace that is opened, acknowledged or resolved from now on.',
    resolve: (issue: DataIssueEntity) => new DataIssueType(issue),
  })
  dataIssueChanged(@Context() context: ActorContext): AsyncIterableIterator<DataIssueEntity, undefined> {
    return this.service.watch(context);
  }
}
