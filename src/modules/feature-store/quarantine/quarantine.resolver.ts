import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import type { Page } from '../../../common/graphql/page.js';
import { PageArgs } from '../../../common/graphql/page.js';
import { DataCollectionType } from '../ingestion/dto/data-collection.type.js';
import {
  QuarantinedRowConnection,
  QuarantinedRowType,
  QuarantineFilter,
  ReplayQuarantineInput,
} from './dto/quarantine.type.js';
import { QuarantineService } from './quarantine.service.js';
import type { QuarantinedRow } from './quarantined-row.js';

@Resolver(() => QuarantinedRowType)
export class QuarantineResolver {
  constructor(private readonly service: QuarantineService) {}

  @RequirePermission('data:read')
  @Query(() => QuarantinedRowConnection, {
    description: 'Rows of a data source that were left out and wait for a fix: of the newest collection first.',
  })
  async quarantinedRows(
    @Context() context: ActorContext,
    @Args('source', { type: () => String, description: 'Name of the source.' }) source: string,
    @Args() { first, after }: PageArgs,
    @Args('filter', { type: () => QuarantineFilter, nullable: true, description: 'Which to list. Default: all.' })
    filter?: QuarantineFilter,
  ): Promise<Page<QuarantinedRow>> {
    const criteria = {
      collectionId: filter?.collection ?? undefined,
      rule: filter?.rule ?? undefined,
      column: filter?.column ?? undefined,
    };
    return this.service.page(context, source, criteria, first, after);
  }

  @RequirePermission('data:collect')
  @Mutation(() => DataCollectionType, {
    description:
      'Queues a collection of the rows that wait in quarantine, by the schema of then. Rows that are right are added to the newest snapshot, each once; the others go on waiting.',
  })
  async replayQuarantine(
    @Context() context: ActorContext,
    @Args('input', { description: 'The collection, and corrections.' }) input: ReplayQuarantineInput,
  ): Promise<DataCollectionType> {
    const corrections = (input.corrections ?? []).map(({ row, column, value }) => ({
      row,
      column,
      value: value ?? null,
    }));
    return new DataCollectionType(await this.service.replay(context, input.collection, corrections));
  }
}
