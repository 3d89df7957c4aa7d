import { Inject, Injectable } from '@nestjs/common';
import type { AccessRule } from '../../../common/access/access.decorators.js';
import type { Actor } from '../../../common/access/actor.js';
import type { CallRequest } from '../../../common/access/call-context.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { Authenticator } from './authenticator.js';
import type { CallTarget } from './call-target.js';
import { type Credential, credentialOf } from './credentials.js';
import { RefusalRecorder } from './refusal-recorder.js';

/** A request is asked again no sooner than this, in milliseconds, however short the credential cache is set. */
const LEAST_TRUST_MS = 1_000;

/** When the actor of a request was looked up, in milliseconds since the epoch. */
const lookedUpAt = new WeakMap<CallRequest, number>();

/** Something that is called for. */
export interface Call {
  /** Who may; nobody where there is none. */
  readonly rule: AccessRule | undefined;
  readonly request: CallRequest;
  /** What a refusal is told of. */
  readonly target: () => CallTarget;
}

/**
 * Decides on calls by their access rule, whatever protocol they came by; without a rule it refuses. The actor is kept
 * on the request, so that its many fields cost one look-up; a request that lives longer than the credential cache's
 * bound (subscriptions, long predictions) is asked again, so that revoked credentials do not outlive it.
 */
@Injectable()
export class Gatekeeper {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly refusals: RefusalRecorder,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'NESTOR_CREDENTIAL_CACHE_MS'>,
  ) {}

  /** @returns true, at once where the actor is known. @throws {CodedError} UNAUTHENTICATED, FORBIDDEN */
  admit(call: Call): boolean | Promise<boolean> {
    const { request } = call;
    if (request.actor !== undefined && this.isFresh(request)) return this.decide(call, request.actor);
    const credential = credentialOf(request.headers);
    const actor = credential === null ? null : this.authenticator.actorOf(credential);
    if (actor instanceof Promise) return this.decideLater(call, actor);
    keepOn(request, actor);
    return this.decide(call, actor);
  }

  private async decideLater(call: Call, lookUp: Promise<Actor | null>): Promise<boolean> {
    try {
      const actor = await lookUp;
      keepOn(call.request, actor);
      return this.decide(call, actor);
    } catch (error) {
      // What is public works without the database too; the actor stays unknown for the fields beside it.
      if (call.rule?.kind === 'PUBLIC' && !(error instanceof CodedError)) return true;
      throw error;
    }
  }

  private decide(call: Call, actor: Actor | null): boolean {
    const { rule } = call;
    if (rule?.kind === 'PUBLIC') return true;
    if (rule === undefined) {
      throw this.refused(call, new CodedError('FORBIDDEN', 'Nobody may call this: it has no access rule.'));
    }
    if (actor === null) throw this.unauthenticated(call, credentialOf(call.request.headers));
    if (rule.kind === 'PERMISSION' && !actor.permissions.has(rule.permission)) {
      const message = `This needs the permission ${rule.permission}, which ${actor.name} does not have.`;
      throw this.refused(call, new CodedError('FORBIDDEN', message), { permission: rule.permission });
    }
    return true;
  }

  /** A call without credentials is told what to send; only credentials that are no good are an event. */
  private unauthenticated(call: Call, credential: Credential | null): CodedError {
    if (credential === null) {
      const message = 'This needs credentials: send `Authorization: Bearer <access token>` or `X-API-Key: <key>`.';
      return new CodedError('UNAUTHENTICATED', message);
    }
    const message =
      'The credentials are unknown, expired, revoked or disabled. Sign in again, refresh the session, or use another key.';
    return this.refused(call, new CodedError('UNAUTHENTICATED', message), { credential: credential.kind });
  }

  private refused({ request, target }: Call, error: CodedError, detail?: Record<string, string>): CodedError {
    const context = { requestId: request.id, address: request.ip, actor: request.actor ?? null };
    this.refusals.record(context, {
      action: 'access.refused',
      ...target(),
      outcome: 'DENIED',
      errorCode: error.code,
      ...(detail && { detail }),
    });
    return error;
  }

  private isFresh(request: CallRequest): boolean {
    const trustMs = Math.max(LEAST_TRUST_MS, this.settings.NESTOR_CREDENTIAL_CACHE_MS);
    return Date.now() - (lookedUpAt.get(request) ?? 0) <= trustMs;
  }
}

function keepOn(request: CallRequest, actor: Actor | null): void {
  request.actor = actor;
  lookedUpAt.set(request, Date.now());
}
