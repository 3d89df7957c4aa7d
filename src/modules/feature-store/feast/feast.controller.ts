import { Body, Controller, Get, Header, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Context, Public, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { FEAST_PREFIX } from './feast-errors.js';
import { FeastService } from './feast.service.js';

/** The HTTP API of Feast's feature server, as its remote online store speaks it. */
@Controller(FEAST_PREFIX)
export class FeastController {
  constructor(private readonly service: FeastService) {}

  /** Says that the process answers; the management port says more. */
  @Public()
  @Get('health')
  health(): void {}

  @RequirePermission('data:read')
  @Post('get-online-features')
  @HttpCode(200)
  @Header('content-type', 'application/json')
  async getOnlineFeatures(@Context() context: ActorContext, @Body() body: unknown): Promise<string> {
    return this.service.read(context, body);
  }

  @RequirePermission('data:collect')
  @Post('write-to-online-store')
  @HttpCode(200)
  async writeToOnlineStore(@Context() context: ActorContext, @Body() body: unknown): Promise<void> {
    await this.service.write(context, body);
  }

  @RequirePermission('data:collect')
  @Post('push')
  @HttpCode(200)
  async push(@Context() context: ActorContext, @Body() body: unknown): Promise<void> {
    await this.service.push(context, body);
  }

  @RequirePermission('data:collect')
  @Post('materialize')
  async materialize(
    @Context() context: ActorContext,
    @Body() body: unknown,
    @Query('async') isAsync: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.run(context, 'FULL', body, isAsync, { request, reply });
  }

  @RequirePermission('data:collect')
  @Post('materialize-incremental')
  async materializeIncremental(
    @Context() context: ActorContext,
    @Body() body: unknown,
    @Query('async') isAsync: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.run(context, 'INCREMENTAL', body, isAsync, { request, reply });
  }

  private async run(
    context: ActorContext,
    kind: 'FULL' | 'INCREMENTAL',
    body: unknown,
    isAsync: string | undefined,
    { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  ) {
    const waits = isAsync !== 'true';
    const isGone = () => request.raw.socket.destroyed;
    const views = await this.service.materialize(context, kind, body, { waits, isGone });
    void reply.code(waits ? 200 : 202);
    return waits ? undefined : { status: 'accepted', feature_views: views };
  }
}
