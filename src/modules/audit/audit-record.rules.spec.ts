import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyContext, anyEvent } from '../../../test/support/audit.js';
import type { ActorContext } from '../../common/access/actor.js';
import type { AuditEventInput } from './audit-event.js';
import { firstIdOf, timeOrderedId, toAuditRecord } from './audit-record.rules.js';

const workspaceId = '11111111-1111-4111-8111-111111111111';
const context: ActorContext = {
  requestId: 'request-1',
  address: '192.0.2.7',
  actor: { kind: 'USER', id: 'u1', name: 'ada@example.com', workspaceId, role: 'ADMIN', permissions: new Set() },
};
const event: AuditEventInput = { action: 'model.create', resourceType: 'model', resourceId: 'iris' };
const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

describe('toAuditRecord', () => {
  it('takes who, where and which workspace from the context', () => {
    expect(toAuditRecord(context, event, now)).toMatchObject({
      occurredAt: now,
      workspaceId,
      actorKind: 'USER',
      actorId: 'u1',
      actorName: 'ada@example.com',
      outcome: 'SUCCESS',
      errorCode: null,
      address: '192.0.2.7',
      requestId: 'request-1',
      detail: null,
    });
  });

  it('lets the event name another actor, workspace and outcome', () => {
    const other = '22222222-2222-4222-8222-222222222222';
    const actor = { kind: 'SYSTEM', id: 'sweeper', name: 'sweeper' } as const;
    const given = { ...event, workspaceId: other, actor, outcome: 'DENIED', errorCode: 'FORBIDDEN' } as const;
    expect(toAuditRecord(context, given, now)).toMatchObject({
      workspaceId: other,
      actorKind: 'SYSTEM',
      actorId: 'sweeper',
      outcome: 'DENIED',
      errorCode: 'FORBIDDEN',
    });
  });

  it('knows no actor, workspace or address before sign-in', () => {
    expect(toAuditRecord({ requestId: 'r', address: null, actor: null }, event, now)).toMatchObject({
      workspaceId: null,
      actorKind: null,
      actorId: null,
      actorName: null,
      address: null,
    });
  });

  it('refuses a workspace id that could never be stored', () => {
    expect(() => toAuditRecord(context, { ...event, workspaceId: 'main' }, now)).toThrow(
      /workspace main, which is no UUID/,
    );
  });

  it('cuts long texts and says so', () => {
    const detail = { note: 'n'.repeat(501), short: 's' };
    const record = toAuditRecord(context, { ...event, resourceId: 'x'.repeat(1_000), detail }, now);
    expect(record.resourceId).toBe(`${'x'.repeat(320)}… (1000 characters)`);
    expect(JSON.parse(record.detail ?? '')).toEqual({ note: `${'n'.repeat(500)}… (501 characters)`, short: 's' });
  });

  it('keeps 32 facts and counts the others', () => {
    const detail = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`fact${index}`, index]));
    const kept = JSON.parse(toAuditRecord(context, { ...event, detail }, now).detail ?? '') as object;
    expect(Object.keys(kept)).toHaveLength(33);
    expect(kept).toMatchObject({ fact0: 0, fact31: 31, '…': '8 more' });
  });

  it('makes every text one that PostgreSQL gives back as it was', () => {
    fc.assert(
      fc.property(anyContext, anyEvent, (call, given) => {
        const { detail, ...fields } = toAuditRecord(call, given, now);
        const facts = Object.entries(JSON.parse(detail ?? '{}') as Record<string, unknown>).flat();
        for (const text of [...Object.values(fields), ...facts]) {
          if (typeof text !== 'string') continue;
          expect(text).not.toContain('\0');
          expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text);
        }
      }),
    );
  });
});

describe('ids of events', () => {
  it('are UUIDs of version 7 that carry their time', () => {
    const id = timeOrderedId(now);
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(Number.parseInt(id.slice(0, 13).replace('-', ''), 16)).toBe(now);
  });

  it('lie between the first ids of their millisecond and of the next', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 2 }), (time) => {
        const id = timeOrderedId(time);
        expect(firstIdOf(time) < id && id < firstIdOf(time + 1)).toBe(true);
      }),
    );
  });

  it('have bounds for times that no id can have', () => {
    expect(firstIdOf(-1)).toBe('00000000-0000-0000-0000-000000000000');
    expect(firstIdOf(8.64e15)).toBe('ffffffff-ffff-0000-0000-000000000000');
  });
});
