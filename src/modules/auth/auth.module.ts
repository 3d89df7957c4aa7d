import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { InstallationSecret } from '../../common/crypto/installation-secret.js';
import { RateLimitModule } from '../../common/rate-limit/rate-limit.module.js';
import { AccessGuard } from './access/access.guard.js';
import { AccessTokenStrategy } from './access/access-token.strategy.js';
import { ApiKeyStrategy } from './access/api-key.strategy.js';
import { Authenticator } from './access/authenticator.js';
import { CredentialCache } from './access/credential-cache.js';
import { CredentialChanges } from './access/credential-changes.js';
import { Gatekeeper } from './access/gatekeeper.js';
import { PasswordStrategy } from './access/password.strategy.js';
import { RefusalRecorder } from './access/refusal-recorder.js';
import { ApiKeyRepository } from './api-keys/api-key.repository.js';
import { ApiKeyResolver } from './api-keys/api-key.resolver.js';
import { ApiKeyService } from './api-keys/api-key.service.js';
import { BootstrapService } from './bootstrap/bootstrap.service.js';
import { ApiKeyEntity } from './entities/api-key.entity.js';
import { MembershipEntity } from './entities/membership.entity.js';
import { RefreshTokenEntity } from './entities/refresh-token.entity.js';
import { SessionEntity } from './entities/session.entity.js';
import { UserEntity } from './entities/user.entity.js';
import { WorkspaceEntity } from './entities/workspace.entity.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { AccessTokenService } from './sessions/access-token.service.js';
import { accessTokenKey } from './sessions/access-token.rules.js';
import { SessionRepository } from './sessions/session.repository.js';
import { SessionResolver } from './sessions/session.resolver.js';
import { SessionService } from './sessions/session.service.js';
import { SessionSweeper } from './sessions/session-sweeper.js';
import { SignInLimits } from './sessions/sign-in-limits.js';
import { SignInService } from './sessions/sign-in.service.js';
import { MemberRepository } from './users/member.repository.js';
import { PasswordService } from './users/password.service.js';
import { UserResolver } from './users/user.resolver.js';
import { UserService } from './users/user.service.js';
import { WorkspaceRepository } from './workspaces/workspace.repository.js';

/**
 * Who may do what. The composition root binds `AccessGuard` as the global guard and provides, globally, the settings,
 * the logger, `InstallationSecret` (CryptoModule), `Notifications` and the audit trail.
 */
@Module({
  imports: [
    TypeOrmModule.forFeature([
      WorkspaceEntity,
      UserEntity,
      MembershipEntity,
      ApiKeyEntity,
      SessionEntity,
      RefreshTokenEntity,
    ]),
    JwtModule.registerAsync({
      inject: [InstallationSecret],
      useFactory: (secret: InstallationSecret) => ({ secret: accessTokenKey(secret) }),
    }),
    RateLimitModule,
  ],
  providers: [
    WorkspaceRepository,
    MemberRepository,
    ApiKeyRepository,
    SessionRepository,
    PasswordHasher,
    PasswordStrategy,
    AccessTokenStrategy,
    ApiKeyStrategy,
    CredentialCache,
    CredentialChanges,
    Authenticator,
    RefusalRecorder,
    Gatekeeper,
    AccessGuard,
    AccessTokenService,
    SessionService,
    SessionSweeper,
    SignInLimits,
    SignInService,
    PasswordService,
    UserService,
    ApiKeyService,
    BootstrapService,
    UserResolver,
    SessionResolver,
    ApiKeyResolver,
  ],
  exports: [AccessGuard, Gatekeeper, BootstrapService],
})
export class AuthModule {}
