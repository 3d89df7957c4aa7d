import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import type { CallContext } from '../../../common/access/actor.js';
import { LOGGER } from '../../../common/observability/logger.js';
import type { AuditEventInput } from '../../audit/audit-event.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { WorkspaceRepository } from '../workspaces/workspace.repository.js';

/** Length of the window within which refusals of one kind become one event, in milliseconds. */
const WINDOW_MS = 1_000;

/** Most kinds that are told apart in one window. */
const KINDS_LIMIT = 50;

/** The event of refusals that were not told apart. */
const beyondLimit: AuditEventInput = {
  action: 'access.refused',
  resourceType: 'several',
  resourceId: 'several',
  outcome: 'DENIED',
};

interface Repeated {
  readonly context: CallContext;
  readonly event: AuditEventInput;
  count: number;
}

/**
 * Leaves audit events of refused calls, which anybody can cause in any number, without letting them fill the database.
 * Refusals are of one kind when action, target, error code and who (the actor, else the address) are the same. Within
 * each second the first of a kind is recorded at once; those that follow are counted, and recorded as one event with
 * `detail.repeats` when the second ends. Of more than 50 kinds a second the rest are counted together in one event.
 * So a process writes at most 101 such events a second, and no refusal goes uncounted.
 *
 * The call is refused either way: when the trail cannot be written, the log says so.
 */
@Injectable()
export class RefusalRecorder implements OnModuleDestroy {
  private readonly kinds = new Map<string, Repeated>();
  private others: Repeated | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly trail: AuditTrail,
    private readonly workspaces: WorkspaceRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.timer);
    await this.endWindow();
  }

  record(context: CallContext, event: AuditEventInput): void {
    const who = context.actor?.id ?? context.address ?? '';
    const kind = [event.action, event.resourceType, event.resourceId, event.errorCode, who].join('\n');
    this.timer ??= setTimeout(() => void this.endWindow(), WINDOW_MS).unref();
    const known = this.kinds.get(kind);
    if (known !== undefined) {
      known.count += 1;
    } else if (this.kinds.size < KINDS_LIMIT) {
      this.kinds.set(kind, { context, event, count: 0 });
      void this.write(context, event);
    } else {
      this.others ??= { context: { ...context, actor: null, address: null }, event: beyondLimit, count: 0 };
      this.others.count += 1;
    }
  }

  private async endWindow(): Promise<void> {
    const ended = [...this.kinds.values(), ...(this.others === undefined ? [] : [this.others])];
    this.kinds.clear();
    this.others = undefined;
    this.timer = undefined;
    const repeated = ended.filter(({ count }) => count > 0);
    await Promise.all(
      repeated.map(({ context, event, count }) =>
        this.write(context, { ...event, detail: { ...event.detail, repeats: count } }),
      ),
    );
  }

  private async write(context: CallContext, event: AuditEventInput): Promise<void> {
    try {
      const workspaceId = event.workspaceId ?? context.actor?.workspaceId ?? (await this.workspaces.soleId());
      await this.trail.record(context, { ...event, ...(workspaceId !== undefined && { workspaceId }) });
    } catch (err) {
      this.logger.error({ err, action: event.action, requestId: context.requestId }, 'a refusal could not be audited');
    }
  }
}
