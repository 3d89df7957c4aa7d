import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { type Page, PageArgs } from '../../../common/graphql/page.js';
import { Prediction } from '../prediction/dto/prediction.type.js';
import { InferenceJobFilter, SubmitInferenceInput } from './dto/inference-job.inputs.js';
import { InferenceJob, InferenceJobConnection } from './dto/inference-job.type.js';
import type { InferenceJobRecord } from './inference-job.js';
import type { InferenceJobCriteria } from './inference-job.repository.js';
import { InferenceJobsService } from './inference-jobs.service.js';
import { JobUpdates } from './job-updates.js';
import { SubmissionService } from './submission.service.js';

@Resolver(() => InferenceJob)
export class InferenceJobResolver {
  constructor(
    private readonly submissions: SubmissionService,
    private readonly jobs: InferenceJobsService,
    private readonly updates: JobUpdates,
  ) {}

  @RequirePermission('inference:submit')
  @Mutation(() => InferenceJob, { description: 'Queues an inference. It is recorded when this answers, and will end.' })
  async submitInference(
    @Context() context: ActorContext,
    @Args('input', { description: 'What to predict, with which model, and how it is queued.' })
    input: SubmitInferenceInput,
  ): Promise<InferenceJob> {
    return new InferenceJob(await this.submissions.submit(context, input));
  }

  @RequirePermission('inference:submit')
  @Mutation(() => InferenceJob, { description: 'Cancels a queued inference that has not ended.' })
  async cancelInferenceJob(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the job.' }) id: string,
  ): Promise<InferenceJob> {
    return new InferenceJob(await this.jobs.cancel(context, id));
  }

  @RequirePermission('inference:submit')
  @Mutation(() => InferenceJob, {
    description: 'Queues an inference again that is FAILED, DEAD or CANCELLED, with fresh attempts.',
  })
  async retryInferenceJob(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the job.' }) id: string,
  ): Promise<InferenceJob> {
    return new InferenceJob(await this.jobs.retry(context, id));
  }

  @RequirePermission('inference:read')
  @Query(() => InferenceJob, {
    nullable: true,
    description: 'A queued inference; null where there is none of this id.',
  })
  async inferenceJob(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the job.' }) id: string,
  ): Promise<InferenceJob | null> {
    const record = await this.jobs.find(context, id);
    return record === null ? null : new InferenceJob(record);
  }

  @RequirePermission('inference:read')
  @Query(() => InferenceJobConnection, { description: 'Queued inferences, newest first.' })
  async inferenceJobs(
    @Context() context: ActorContext,
    @Args() { first, after }: PageArgs,
    @Args('filter', { type: () => InferenceJobFilter, nullable: true, description: 'Which to list. Default: all.' })
    filter?: InferenceJobFilter,
  ): Promise<Page<InferenceJob>> {
    const { edges, pageInfo } = await this.jobs.page(context, criteriaOf(filter), first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new InferenceJob(node) })), pageInfo };
  }

  @RequirePermission('inference:read')
  @Subscription(() => InferenceJob, {
    description: 'The job as it is now, and after each change, until it has ended.',
    resolve: (record: InferenceJobRecord) => new InferenceJob(record),
  })
  inferenceJobUpdated(
    @Context() context: ActorContext,
    @Args('id', { type: () => ID, description: 'Id of the job.' }) id: string,
  ): AsyncIterableIterator<InferenceJobRecord, undefined> {
    return this.updates.watch(context, id);
  }

  @RequirePermission('inference:read')
  @ResolveField(() => Prediction, { nullable: true, description: 'The answer, once the job has succeeded.' })
  async result(@Parent() job: InferenceJob): Promise<Prediction | null> {
    return this.jobs.resultOf(job.record);
  }
}

function criteriaOf(filter: InferenceJobFilter | null | undefined): InferenceJobCriteria {
  return {
    statuses: filter?.status ?? undefined,
    model: filter?.model ?? undefined,
    version: filter?.version ?? undefined,
    createdSince: filter?.since ?? undefined,
    createdBefore: filter?.until ?? undefined,
  };
}
