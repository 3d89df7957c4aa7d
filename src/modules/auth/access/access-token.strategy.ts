import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';
import { permissionsOfRole, type Role, roles } from '../../../common/access/permissions.js';
import { InstallationSecret } from '../../../common/crypto/installation-secret.js';
import { ACCESS_TOKEN, accessTokenKey, accessTokenSchema } from '../sessions/access-token.rules.js';
import { SessionRepository } from '../sessions/session.repository.js';
import type { VerifiedCredential } from './credential-cache.js';
import { credentialOf } from './credentials.js';
import type { StrategyRequest } from './passport-runner.js';

/** One set for all users of a role: the cache then holds references. */
const permissionSets = new Map<Role, VerifiedCredential['actor']['permissions']>(
  roles.map((role) => [role, new Set(permissionsOfRole[role])]),
);

/** Checks the access token of a session: signature, algorithm, type, issuer, audience and expiry, then the session. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, 'access-token') {
  constructor(
    secret: InstallationSecret,
    private readonly sessions: SessionRepository,
  ) {
    super({
      jwtFromRequest: (request: StrategyRequest) => credentialOf(request.headers)?.value ?? null,
      secretOrKey: accessTokenKey(secret),
      algorithms: [ACCESS_TOKEN.algorithm],
      issuer: ACCESS_TOKEN.issuer,
      audience: ACCESS_TOKEN.audience,
      ignoreExpiration: false,
      jsonWebTokenOptions: { complete: true, clockTolerance: 0 },
    });
  }

  /** @param token header and payload, whose signature, issuer, audience and expiry are right. */
  async validate(token: unknown): Promise<VerifiedCredential | null> {
    const parsed = accessTokenSchema(Date.now()).safeParse(token);
    if (!parsed.success) return null;
    const { sub, sid, wid, exp } = parsed.data.payload;
    const user = await this.sessions.findActiveUser(wid, sub, sid);
    if (user === null) return null;
    return {
      actor: {
        kind: 'USER',
        id: sub,
        name: user.email,
        workspaceId: wid,
        role: user.role,
        permissions: permissionSets.get(user.role) ?? new Set(),
        sessionId: sid,
      },
      validUntil: exp * 1_000,
    };
  }
}
