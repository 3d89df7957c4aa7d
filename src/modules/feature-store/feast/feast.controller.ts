import { Body, Controller, Get, Header, HttpCode, Post } from '@nestjs/common';
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
}
