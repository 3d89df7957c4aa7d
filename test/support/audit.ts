import fc from 'fast-check';
import type { CallContext } from '../../src/common/access/actor.js';
import type { AuditEventInput } from '../../src/modules/audit/audit-event.js';
import { type ChainedEvent, chainOnto, type ChainHead, emptyChain } from '../../src/modules/audit/audit-chain.rules.js';
import { type AuditRecord, toAuditRecord } from '../../src/modules/audit/audit-record.rules.js';

/** Any text that a caller may hand over, halves of surrogate pairs and control characters included. */
const anyText = fc.string({ unit: 'binary', maxLength: 20 });

export const anyActor = fc.record({
  kind: fc.constantFrom('USER', 'API_KEY', 'SYSTEM'),
  id: anyText,
  name: anyText,
});

/** Any event that a use case may leave. */
export const anyEvent: fc.Arbitrary<AuditEventInput> = fc.record(
  {
    action: anyText,
    resourceType: anyText,
    resourceId: anyText,
    outcome: fc.constantFrom('SUCCESS', 'FAILURE', 'DENIED'),
    errorCode: fc.constantFrom('FORBIDDEN', 'INVALID_INPUT'),
    workspaceId: fc.uuid(),
    actor: anyActor,
    detail: fc.dictionary(anyText, fc.oneof(anyText, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)), {
      maxKeys: 5,
    }),
  },
  { requiredKeys: ['action', 'resourceType', 'resourceId'] },
);

/** Any call before sign-in. */
export const anyContext: fc.Arbitrary<CallContext> = fc.record({
  requestId: anyText,
  address: fc.option(fc.ipV4()),
  actor: fc.constant(null),
});

/** Any record as it goes into a chain. */
export const anyRecord: fc.Arbitrary<AuditRecord> = fc
  .tuple(anyContext, anyEvent, fc.integer({ min: 0, max: 4_102_444_800_000 }))
  .map(([context, event, now]) => toAuditRecord(context, event, now));

/** A sound chain of these records and its head. */
export function chainOf(
  writerId: string,
  records: readonly AuditRecord[],
): { head: ChainHead; events: readonly ChainedEvent[] } {
  const { head, eventsJson } = chainOnto(emptyChain, writerId, records);
  return { head, events: JSON.parse(eventsJson) as ChainedEvent[] };
}
