import type { Actor } from '../../../common/access/actor.js';
import { type Permission, permissionsOfRole, type Role } from '../../../common/access/permissions.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { permissionsBeyond } from '../api-keys/api-key.rules.js';

/** E-mails are compared without regard to case and surrounding space. */
export const normalizeEmail = (email: string): string => email.trim().toLowerCase();

/**
 * Nobody gives away, or takes from somebody, what they do not have themselves.
 * @throws {CodedError} FORBIDDEN
 */
export function assertHolds(actor: Actor, wanted: Iterable<Permission>, purpose: string): void {
  const beyond = permissionsBeyond(actor.permissions, wanted);
  if (beyond.length === 0) return;
  throw new CodedError('FORBIDDEN', `${purpose} takes permissions that you do not have: ${beyond.join(', ')}.`);
}

/** @throws {CodedError} FORBIDDEN unless the actor has all permissions of the role. */
export function assertOutranks(actor: Actor, role: Role, purpose: string): void {
  assertHolds(actor, permissionsOfRole[role], purpose);
}

/**
 * A workspace without an administrator could never be administered again.
 * @param admins ids of those who can sign in.
 * @throws {CodedError} CONFLICT when the user is the last.
 */
export function assertNotLastAdmin(admins: readonly string[], userId: string): void {
  if (admins.length !== 1 || admins[0] !== userId) return;
  throw new CodedError('CONFLICT', 'This is the last active administrator of the workspace. Make another one first.');
}
