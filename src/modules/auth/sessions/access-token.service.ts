import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { ACCESS_TOKEN } from './access-token.rules.js';

/** An access token and when it stops working. */
export interface AccessToken {
  readonly token: string;
  readonly expiresAt: Date;
}

@Injectable()
export class AccessTokenService {
  constructor(
    private readonly jwt: JwtService,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'NESTOR_ACCESS_TOKEN_SECONDS'>,
  ) {}

  async issue(session: { id: string; userId: string; workspaceId: string }): Promise<AccessToken> {
    const issuedAt = Math.floor(Date.now() / 1_000);
    const expires = issuedAt + this.settings.NESTOR_ACCESS_TOKEN_SECONDS;
    const token = await this.jwt.signAsync(
      { sub: session.userId, sid: session.id, wid: session.workspaceId, iat: issuedAt, exp: expires },
      {
        algorithm: ACCESS_TOKEN.algorithm,
        header: { alg: ACCESS_TOKEN.algorithm, typ: ACCESS_TOKEN.type },
        issuer: ACCESS_TOKEN.issuer,
        audience: ACCESS_TOKEN.audience,
      },
    );
    return { token, expiresAt: new Date(expires * 1_000) };
  }
}
