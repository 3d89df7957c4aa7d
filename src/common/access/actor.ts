import type { Permission, Role } from './permissions.js';

/** Who acts: a person by a session, a machine by an API key, or Nestor itself. */
export interface Actor {
  readonly kind: 'USER' | 'API_KEY' | 'SYSTEM';
  /** Id of the user or API key. */
  readonly id: string;
  /** What logs and audit events call the actor: an e-mail or the key's name. */
  readonly name: string;
  readonly workspaceId: string;
  readonly role: Role;
  readonly permissions: ReadonlySet<Permission>;
  /** The session of a user, so that it can be signed out. */
  readonly sessionId?: string;
}

/** What a use case knows about the call it serves. */
export interface CallContext {
  readonly requestId: string;
  /** Address of the client, where there is one. */
  readonly address: string | null;
  /** Null before sign-in. */
  readonly actor: Actor | null;
}

/** A call whose actor is known; what every protected field and route works with. */
export interface ActorContext extends CallContext {
  readonly actor: Actor;
}
