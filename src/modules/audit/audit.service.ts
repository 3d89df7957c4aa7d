import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../common/access/actor.js';
import { SETTINGS } from '../../common/config/config.module.js';
import type { Settings } from '../../common/config/settings.js';
import { type Page, pageSize } from '../../common/graphql/page.js';
import type { AuditEventCriteria } from './audit-event-criteria.js';
import { AuditEventRepository } from './audit-event.repository.js';
import type { AuditEventEntity } from './entities/audit-event.entity.js';

export interface AuditEventListRequest {
  readonly first?: number | undefined;
  readonly after?: string | undefined;
  readonly criteria: AuditEventCriteria;
}

/** Reads the trail; a workspace sees its own events alone. */
@Injectable()
export class AuditService {
  constructor(
    private readonly events: AuditEventRepository,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async list(context: ActorContext, request: AuditEventListRequest): Promise<Page<AuditEventEntity>> {
    const size = pageSize(request.first, this.settings.NESTOR_PAGE_MAX_SIZE);
    return this.events.list(context.actor.workspaceId, request.criteria, size, request.after);
  }
}
