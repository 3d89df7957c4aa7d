import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { WorkspaceEntity } from '../entities/workspace.entity.js';

/** How long the answer to "is there but one workspace?" is kept, in milliseconds. */
const SOLE_CACHE_MS = 10_000;

@Injectable()
export class WorkspaceRepository {
  private sole: { readonly id: string | undefined; readonly until: number } | undefined;

  constructor(@InjectRepository(WorkspaceEntity) private readonly workspaces: Repository<WorkspaceEntity>) {}

  async add(manager: EntityManager, workspace: WorkspaceEntity): Promise<void> {
    await manager.insert(WorkspaceEntity, workspace);
  }

  /** The workspace that was made first. */
  async findFirst(manager: EntityManager): Promise<WorkspaceEntity | null> {
    const [first] = await manager.find(WorkspaceEntity, { order: { createdAt: 'ASC', id: 'ASC' }, take: 1 });
    return first ?? null;
  }

  /**
   * The workspace of an installation that has but one. What happens before anybody is known, such as a sign-in to an
   * account that does not exist, belongs into its audit trail; with several workspaces it belongs to none.
   */
  async soleId(): Promise<string | undefined> {
    if (this.sole === undefined || this.sole.until < Date.now()) {
      const found = await this.workspaces.find({ select: { id: true }, take: 2 });
      this.sole = { id: found.length === 1 ? found[0]?.id : undefined, until: Date.now() + SOLE_CACHE_MS };
    }
    return this.sole.id;
  }
}
