import { Query, Resolver } from '@nestjs/graphql';
import { RequirePermission } from '../../../common/access/access.decorators.js';
import { ExecutorView } from '../client/executor-view.js';
import { Executor } from './dto/executor.type.js';

@Resolver(() => Executor)
export class ExecutorResolver {
  constructor(private readonly view: ExecutorView) {}

  @RequirePermission('executor:read')
  @Query(() => [Executor], { description: 'All processes that run models, as of their last heartbeat.' })
  executors(): Executor[] {
    return this.view.hosts().flatMap((host) => host.executors.map((state) => new Executor(state)));
  }
}
