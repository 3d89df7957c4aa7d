import type { Actor } from '../../common/access/actor.js';
import type { ErrorCode } from '../../common/errors/error-table.js';

export const auditOutcomes = ['SUCCESS', 'FAILURE', 'DENIED'] as const;

/** How an audited action ended: done, attempted in vain, or refused for want of permission. */
export type AuditOutcome = (typeof auditOutcomes)[number];

/** Who did it, as the trail keeps it. */
export type AuditActor = Pick<Actor, 'kind' | 'id' | 'name'>;

/** Few short facts about an event, by name. */
export type AuditDetail = Readonly<Record<string, string | number | boolean | null>>;

/** What a use case says of the thing it did; who, when and from where come from the call's context. */
export interface AuditEventInput {
  /** Named `<area>.<verb>` in lower case, such as `model.create` or `session.sign-in`. */
  readonly action: string;
  /** Kind of the thing acted on, such as `model-version`. */
  readonly resourceType: string;
  readonly resourceId: string;
  /** Default: SUCCESS. */
  readonly outcome?: AuditOutcome;
  /** The code the caller was answered with, where it did not succeed. */
  readonly errorCode?: ErrorCode;
  /** UUID of the workspace it happened in. Default: the actor's; without either, no workspace sees the event. */
  readonly workspaceId?: string;
  /** Default: the context's actor. */
  readonly actor?: AuditActor;
  /** Few short facts; never a payload. Long texts are cut, visibly. */
  readonly detail?: AuditDetail;
}
