import { Readable } from 'node:stream';
import { Controller, Get, HttpCode, Inject, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Context, Public, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { clientGoneSignal } from '../prediction/client-gone.js';
import { type BodyParts, JSON_LENGTH_HEADER, splitBody } from './body-parts.rules.js';
import { writeInferAnswer } from './infer-answer.rules.js';
import { OPEN_INFERENCE_PREFIX } from './open-inference.bodies.js';
import { OpenInferenceErrorsFilter } from './open-inference-errors.filter.js';
import { OpenInferenceService, type ModelPath } from './open-inference.service.js';
import { readBody } from './read-body.js';

const MODEL = 'models/:model';
const VERSION = 'models/:model/versions/:version';

/**
 * The Open Inference Protocol, REST, with Triton's binary tensor data, model configuration, statistics and model
 * repository extensions (kserve/open-inference-protocol, `specification/protocol/inference_rest.md`).
 */
@Controller(OPEN_INFERENCE_PREFIX)
@UseFilters(OpenInferenceErrorsFilter)
export class OpenInferenceController {
  constructor(
    private readonly service: OpenInferenceService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Public()
  @Get()
  server() {
    return this.service.server();
  }

  @Public()
  @Get('health/live')
  live() {
    return { live: true };
  }

  /** 200 when a prediction can be made: an executor is ready. */
  @Public()
  @Get('health/ready')
  ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const ready = this.service.isReady();
    void reply.code(ready ? 200 : 503);
    return { ready };
  }

  @RequirePermission('model:read')
  @Get([MODEL, VERSION])
  async metadata(@Context() context: ActorContext, @Param() path: ModelPath) {
    return this.service.metadata(context, path);
  }

  @RequirePermission('model:read')
  @Get([`${MODEL}/ready`, `${VERSION}/ready`])
  async modelReady(
    @Context() context: ActorContext,
    @Param() path: ModelPath,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const ready = await this.service.isModelReady(context, path);
    void reply.code(ready ? 200 : 503);
    return { name: path.model, ready };
  }

  @RequirePermission('model:read')
  @Get([`${MODEL}/config`, `${VERSION}/config`])
  async configuration(@Context() context: ActorContext, @Param() path: ModelPath) {
    return this.service.configuration(context, path);
  }

  @RequirePermission('model:read')
  @Get([`${MODEL}/stats`, `${VERSION}/stats`, 'models/stats'])
  async statistics(@Context() context: ActorContext, @Param() path: Partial<ModelPath>) {
    return this.service.statistics(context, path);
  }

  @RequirePermission('model:read')
  @Post('repository/index')
  @HttpCode(200)
  async index(@Context() context: ActorContext, @Req() request: FastifyRequest) {
    const { json } = await this.bodyOf(request);
    const ready = typeof json === 'object' && json !== null && 'ready' in json && json.ready === true;
    return this.service.index(context, ready);
  }

  /** The answer is written by hand: the protocol's bodies are not what a JSON serializer makes. */
  @RequirePermission('inference:predict')
  @Post([`${MODEL}/infer`, `${VERSION}/infer`])
  async infer(
    @Context() context: ActorContext,
    @Param() path: ModelPath,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const wanted = await this.service.readRequest(context, path, await this.bodyOf(request));
    const facts = await this.service.infer(context, path, wanted, clientGoneSignal(request));
    const { body, jsonLength } = writeInferAnswer(facts, wanted.isBinary);
    if (jsonLength === undefined) void reply.type('application/json');
    else void reply.type('application/octet-stream').header(JSON_LENGTH_HEADER, jsonLength);
    void reply.code(200).send(body);
  }

  private async bodyOf({ body, headers }: FastifyRequest): Promise<BodyParts> {
    if (!(body instanceof Readable)) return { json: body, binary: NO_BYTES };
    const bytes = await readBody(body, headers['content-encoding'], this.settings.NESTOR_BINARY_BODY_MAX_BYTES);
    const length = headers[JSON_LENGTH_HEADER];
    return splitBody(bytes, Array.isArray(length) ? length[0] : length);
  }
}

const NO_BYTES = new Uint8Array(0);
