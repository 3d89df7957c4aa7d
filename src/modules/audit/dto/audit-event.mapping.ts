import type { AuditEventCriteria } from '../audit-event-criteria.js';
import type { AuditEventFilter } from './audit-event.input.js';

/** GraphQL gives null where nothing was given; the repository takes undefined. */
export function criteriaOf(filter: AuditEventFilter): AuditEventCriteria {
  return {
    actorId: filter.actorId ?? undefined,
    actorName: filter.actorName ?? undefined,
    action: filter.action ?? undefined,
    resourceType: filter.resourceType ?? undefined,
    resourceId: filter.resourceId ?? undefined,
    outcome: filter.outcome ?? undefined,
    since: filter.since ?? undefined,
    until: filter.until ?? undefined,
  };
}
