import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Authenticated, Context, Public, PublicContext } from '../../../common/access/access.decorators.js';
import type { ActorContext, CallContext } from '../../../common/access/actor.js';
import { sessionOf, SessionType, SignInInput } from '../dto/session.dto.js';
import { SessionService } from './session.service.js';
import { SignInService } from './sign-in.service.js';

@Resolver(() => SessionType)
export class SessionResolver {
  constructor(
    private readonly signIns: SignInService,
    private readonly sessions: SessionService,
  ) {}

  @Public()
  @Mutation(() => SessionType, { description: 'Opens a session with e-mail and password.' })
  async signIn(
    @PublicContext() context: CallContext,
    @Args('input', { description: 'Who signs in.' }) input: SignInInput,
  ): Promise<SessionType> {
    return sessionOf(await this.signIns.signIn(context, input));
  }

  @Public()
  @Mutation(() => SessionType, {
    name: 'refreshSession',
    description: 'Exchanges a refresh token for a fresh pair. Each works once; using one twice ends the session.',
  })
  async refresh(
    @PublicContext() context: CallContext,
    @Args('refreshToken', { type: () => String, description: 'The newest refresh token of the session.' })
    refreshToken: string,
  ): Promise<SessionType> {
    return sessionOf(await this.sessions.refresh(context, refreshToken));
  }

  @Authenticated()
  @Mutation(() => Boolean, { description: 'Ends the session that this request comes by.' })
  async signOut(@Context() context: ActorContext): Promise<boolean> {
    await this.sessions.signOut(context);
    return true;
  }
}
