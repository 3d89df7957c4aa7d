import type { AuditOutcome } from './audit-event.js';

/** Which events to list: those that fit everything that is given. */
export interface AuditEventCriteria {
  readonly actorId?: string | undefined;
  readonly actorName?: string | undefined;
  /** The action, or how it starts followed by `*`. */
  readonly action?: string | undefined;
  readonly resourceType?: string | undefined;
  readonly resourceId?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** At or after. */
  readonly since?: Date | undefined;
  /** Before. */
  readonly until?: Date | undefined;
}
