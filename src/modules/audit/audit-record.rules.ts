import { randomUUID } from 'node:crypto';
import type { CallContext } from '../../common/access/actor.js';
import type { AuditDetail, AuditEventInput, AuditOutcome } from './audit-event.js';

/** One event as the trail stores it, before it has a place in a chain. All texts are bounded and storable. */
export interface AuditRecord {
  /** UUID version 7 whose time is `occurredAt`, so that ids order by time. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly occurredAt: number;
  readonly workspaceId: string | null;
  readonly actorKind: string | null;
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly action: string;
  readonly resourceType: string;
  readonly resourceId: string;
  readonly outcome: AuditOutcome;
  readonly errorCode: string | null;
  readonly address: string | null;
  readonly requestId: string;
  /** JSON text of an object of scalars, kept and hashed as this very text; null when there is none. */
  readonly detail: string | null;
}

/** Longest text of a field, in UTF-16 code units; e-mails may have 320, all else is shorter by nature. */
const TEXT_LIMIT = 320;
/** Longest text within `detail`. */
const DETAIL_TEXT_LIMIT = 500;
/** Most facts within `detail`. */
const DETAIL_SIZE_LIMIT = 32;

/** Most milliseconds that the time of an id can say, in the year 10889. */
const LATEST_ID_TIME = 2 ** 48 - 1;

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/**
 * Fixes an event at the moment it happens.
 * @param now milliseconds since the epoch.
 * @throws {TypeError} when the workspace id is not a UUID in lower case: such an event could never be stored.
 */
export function toAuditRecord(context: CallContext, event: AuditEventInput, now: number): AuditRecord {
  const actor = event.actor ?? context.actor;
  const workspaceId = event.workspaceId ?? context.actor?.workspaceId ?? null;
  if (workspaceId !== null && !uuid.test(workspaceId)) {
    throw new TypeError(`The audit event ${event.action} names the workspace ${workspaceId}, which is no UUID.`);
  }
  return {
    id: timeOrderedId(now),
    occurredAt: now,
    workspaceId,
    actorKind: actor?.kind ?? null,
    actorId: actor ? text(actor.id) : null,
    actorName: actor ? text(actor.name) : null,
    action: text(event.action),
    resourceType: text(event.resourceType),
    resourceId: text(event.resourceId),
    outcome: event.outcome ?? 'SUCCESS',
    errorCode: event.errorCode ?? null,
    address: context.address === null ? null : text(context.address),
    requestId: text(context.requestId),
    detail: event.detail === undefined ? null : detailText(event.detail),
  };
}

/** UUID version 7 (RFC 9562): 48 bits of milliseconds, then chance. */
export function timeOrderedId(milliseconds: number): string {
  const time = milliseconds.toString(16).padStart(12, '0');
  // Of the random version 4 this keeps the variant and everything but the first 48 bits and the version.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** The least id that an event of this millisecond could have; to find events by time through their ids. */
export function firstIdOf(milliseconds: number): string {
  const time = Math.min(Math.max(0, milliseconds), LATEST_ID_TIME).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}

/** Texts of details that were written before: predictions of one version have one in common. */
const detailTexts = new WeakMap<AuditDetail, string>();

function detailText(detail: AuditDetail): string {
  const known = detailTexts.get(detail);
  if (known !== undefined) return known;
  const made = makeDetailText(detail);
  detailTexts.set(detail, made);
  return made;
}

function makeDetailText(detail: AuditDetail): string {
  const entries = Object.entries(detail);
  const kept = entries
    .slice(0, DETAIL_SIZE_LIMIT)
    .map(([name, value]) => [text(name), typeof value === 'string' ? text(value, DETAIL_TEXT_LIMIT) : value]);
  if (entries.length > DETAIL_SIZE_LIMIT) kept.push(['…', `${entries.length - DETAIL_SIZE_LIMIT} more`]);
  return JSON.stringify(Object.fromEntries(kept));
}

/** What PostgreSQL cannot store as text: the zero character, and halves of surrogate pairs. */
const suspect = /[\0\uD800-\uDFFF]/;

/** Cuts a long text and says so, and replaces what PostgreSQL could not give back as it was. */
function text(value: string, limit = TEXT_LIMIT): string {
  const bounded = value.length <= limit ? value : `${value.slice(0, limit)}… (${value.length} characters)`;
  return suspect.test(bounded) ? Buffer.from(bounded.replaceAll('\0', '\uFFFD'), 'utf8').toString('utf8') : bounded;
}
