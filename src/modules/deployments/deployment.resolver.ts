import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../common/access/access.decorators.js';
import type { ActorContext } from '../../common/access/actor.js';
import { DeploymentService } from './deployment.service.js';
import {
  CreateDeploymentInput,
  criteriaOf,
  DeleteDeploymentInput,
  DeploymentsArgs,
  newDeploymentOf,
  PromoteVariantInput,
  RollbackDeploymentInput,
  UpdateDeploymentInput,
  updateOf,
} from './dto/deployment.inputs.js';
import { DeploymentConnection, DeploymentType } from './dto/deployment.type.js';

@Resolver(() => DeploymentType)
export class DeploymentResolver {
  constructor(private readonly service: DeploymentService) {}

  @RequirePermission('deployment:read')
  @Query(() => DeploymentConnection, { description: 'The deployments of the workspace, by name.' })
  async deployments(
    @Context() context: ActorContext,
    @Args() { first, after, filter }: DeploymentsArgs,
  ): Promise<DeploymentConnection> {
    const { edges, pageInfo } = await this.service.page(context, criteriaOf(filter), first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new DeploymentType(node) })), pageInfo };
  }

  @RequirePermission('deployment:read')
  @Query(() => DeploymentType, { nullable: true, description: 'A deployment as it is now; null when there is none.' })
  async deployment(
    @Context() context: ActorContext,
    @Args('name', { type: () => String, description: 'Name of the deployment.' }) name: string,
  ): Promise<DeploymentType | null> {
    const deployment = await this.service.find(context, name);
    return deployment && new DeploymentType(deployment);
  }

  @RequirePermission('deployment:read')
  @Query(() => DeploymentType, {
    nullable: true,
    description: 'What was live under a name at a time, also of a deployment that was deleted since; null for nothing.',
  })
  async deploymentAt(
    @Context() context: ActorContext,
    @Args('name', { type: () => String, description: 'Name of the deployment.' }) name: string,
    @Args('time', { type: () => Date, description: 'The moment.' }) time: Date,
  ): Promise<DeploymentType | null> {
    const deployment = await this.service.at(context, name, time);
    return deployment && new DeploymentType(deployment);
  }

  @RequirePermission('deployment:manage')
  @Mutation(() => DeploymentType, { description: 'Creates a deployment, which is live at once.' })
  async createDeployment(
    @Context() context: ActorContext,
    @Args('input', { description: 'The deployment.' }) input: CreateDeploymentInput,
  ): Promise<DeploymentType> {
    return new DeploymentType(await this.service.create(context, newDeploymentOf(input)));
  }

  @RequirePermission('deployment:manage')
  @Mutation(() => DeploymentType, { description: 'Changes variants, weights or logging of a deployment, at once.' })
  async updateDeployment(
    @Context() context: ActorContext,
    @Args('input', { description: 'The change.' }) input: UpdateDeploymentInput,
  ): Promise<DeploymentType> {
    return new DeploymentType(await this.service.update(context, updateOf(input)));
  }

  @RequirePermission('deployment:manage')
  @Mutation(() => DeploymentType, {
    description: 'Goes back to the revision before, by a new revision. Repeated, it goes further back.',
  })
  async rollbackDeployment(
    @Context() context: ActorContext,
    @Args('input', { description: 'The deployment.' }) input: RollbackDeploymentInput,
  ): Promise<DeploymentType> {
    return new DeploymentType(await this.service.rollBack(context, input.name));
  }

  @RequirePermission('deployment:manage')
  @Mutation(() => DeploymentType, {
    description:
      'Ends a comparison: the variant is the champion with all of the traffic, the old champion and all challengers leave.',
  })
  async promoteVariant(
    @Context() context: ActorContext,
    @Args('input', { description: 'The variant.' }) input: PromoteVariantInput,
  ): Promise<DeploymentType> {
    return new DeploymentType(await this.service.promote(context, input.deployment, input.variant));
  }

  @RequirePermission('deployment:manage')
  @Mutation(() => DeploymentType, {
    description: 'Deletes a deployment and answers what it was. What was live before can still be told.',
  })
  async deleteDeployment(
    @Context() context: ActorContext,
    @Args('input', { description: 'The deployment.' }) input: DeleteDeploymentInput,
  ): Promise<DeploymentType> {
    return new DeploymentType(await this.service.delete(context, input.name));
  }
}
