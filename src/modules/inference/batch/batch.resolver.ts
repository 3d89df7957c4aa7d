import { Inject } from '@nestjs/common';
import { Args, ID, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { type Page, PageArgs } from '../../../common/graphql/page.js';
import type { BatchRecord } from './batch-inference.js';
import { BatchSubmissionService } from './batch-submission.service.js';
import { BatchUpdates } from './batch-updates.js';
import { BatchesService } from './batches.service.js';
import { BatchInferenceFilter, SubmitBatchInferenceInput } from './dto/batch-inference.inputs.js';
import { toBatchInference } from './dto/batch-inference.mapping.js';
import { BatchInference, BatchInferenceConnection } from './dto/batch-inference.type.js';

@Resolver(() => BatchInference)
export class BatchResolver {
  private readonly baseUrl: string;

  constructor(
    private readonly submissions: BatchSubmissionService,
    private readonly batches: BatchesService,
    private readonly updates: BatchUpdates,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.baseUrl = settings.NESTOR_PUBLIC_URL?.replace(/\/+$/, '') ?? '';
  }

  @RequirePermission('inference:submit')
  @Mutation(() => BatchInference, {
    description: 'Queues an inference of all rows of a file. It is recorded when this answers, and will end.',
  })
  async submitBatchInference(
    @Context() context: ActorContext,
    @Args('input', { description: 'Which file to run through which model, and how.' }) input: SubmitBatchInferenceInput,
  ): Promise<BatchInference> {
    return this.present(await this.submissions.submit(context, input));
  }

  @RequirePermission('inference:submit')
  @Mutation(() => BatchInference, {
    description: 'Cancels a batch inference that has not ended. What is done of it is kept for a retry.',
  })
  async cancelBatchInference(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the batch.' }) id: string,
  ): Promise<BatchInference> {
    return this.present(await this.batches.cancel(context, id));
  }

  @RequirePermission('inference:submit')
  @Mutation(() => BatchInference, {
    description: 'Lets a batch inference go on that is FAILED or CANCELLED: only what is not finished is done again.',
  })
  async retryBatchInference(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the batch.' }) id: string,
  ): Promise<BatchInference> {
    return this.present(await this.batches.retry(context, id));
  }

  @RequirePermission('inference:read')
  @Query(() => BatchInference, {
    nullable: true,
    description: 'A batch inference; null where there is none of this id.',
  })
  async batchInference(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the batch.' }) id: string,
  ): Promise<BatchInference | null> {
    const record = await this.batches.find(context, id);
    return record === null ? null : this.present(record);
  }

  @RequirePermission('inference:read')
  @Query(() => BatchInferenceConnection, { description: 'Batch inferences, newest first.' })
  async batchInferences(
    @Context() context: ActorContext,
    @Args() { first, after }: PageArgs,
    @Args('filter', { type: () => BatchInferenceFilter, nullable: true, description: 'Which to list. Default: all.' })
    filter?: BatchInferenceFilter,
  ): Promise<Page<BatchInference>> {
    const criteria = {
      statuses: filter?.status ?? undefined,
      model: filter?.model ?? undefined,
      createdSince: filter?.since ?? undefined,
      createdBefore: filter?.until ?? undefined,
    };
    const { edges, pageInfo } = await this.batches.page(context, criteria, first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: this.present(node) })), pageInfo };
  }

  @RequirePermission('inference:read')
  @Subscription(() => BatchInference, {
    description: 'The batch inference as it is now, and as it goes on, until it has ended.',
    resolve(this: BatchResolver, record: BatchRecord) {
      return this.present(record);
    },
  })
  batchInferenceUpdated(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the batch.' }) id: string,
  ): AsyncIterableIterator<BatchRecord, undefined> {
    return this.updates.watch(context, id);
  }

  private present(record: BatchRecord): BatchInference {
    return toBatchInference(record, this.baseUrl, Date.now());
  }
}
