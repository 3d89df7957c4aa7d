import { Readable } from 'node:stream';
import { Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Context, Public, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { compressed } from '../../../common/http/compressed-answers.js';
import { sendAnswer } from '../../../common/http/send-answer.js';
import { isJsonObject } from '../../../common/json/json-object.js';
import { clientGoneSignal } from '../prediction/client-gone.js';
import { type BodyParts, JSON_LENGTH_HEADER, splitBody } from './body-parts.rules.js';
import { writeInferAnswer } from './infer-answer.rules.js';
import { OPEN_INFERENCE_PREFIX } from './open-inference.bodies.js';
import { MAY_INFER } from './open-inference.access.js';
import { OpenInferenceService, type ModelPath } from './open-inference.service.js';
import { readBody } from './read-body.js';

const MODEL = 'models/:model';
const VERSION = 'models/:model/versions/:version';

/**
 * The Open Inference Protocol, REST, with Triton's binary tensor data, model configuration, statistics and model
 * repository extensions (kserve/open-inference-protocol, `specification/protocol/inference_rest.md`).
 */
@Controller(OPEN_INFERENCE_PREFIX)
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
    return this.service.index(context, isJsonObject(json) && json.ready === true);
  }

  /** Answers once it is loaded, without a body. */
  @RequirePermission('model:promote')
  @Post([`repository/${MODEL}/load`, `repository/${VERSION}/load`])
  @HttpCode(200)
  async load(
    @Context() context: ActorContext,
    @Param() path: ModelPath,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const { json } = await this.bodyOf(request);
    await this.service.load(context, path, isJsonObject(json) ? json.parameters : undefined);
  }

  /** Answers once no executor holds it, without a body. */
  @RequirePermission('model:promote')
  @Post([`repository/${MODEL}/unload`, `repository/${VERSION}/unload`])
  @HttpCode(200)
  async unload(
    @Context() context: ActorContext,
    @Param() path: ModelPath,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.bodyOf(request);
    await this.service.unload(context, path);
  }

  /** The answer is written by hand: the protocol's bodies are not what a JSON serializer makes. */
  @RequirePermission(MAY_INFER)
  @Post([`${MODEL}/infer`, `${VERSION}/infer`])
  async infer(
    @Context() context: ActorContext,
    @Param() path: ModelPath,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const wanted = await this.service.readRequest(context, path, await this.bodyOf(request));
    const facts = await this.service.infer(context, path, wanted, clientGoneSignal(request));
    const answer = await compressed(
      writeInferAnswer(facts, wanted.isBinary),
      request.headers['accept-encoding'],
      this.settings.NESTOR_COMPRESSION_MIN_BYTES,
    );
    sendAnswer(reply, answer);
  }

  private async bodyOf({ body, headers }: FastifyRequest): Promise<BodyParts> {
    if (!(body instanceof Readable)) return { json: body, binary: NO_BYTES };
    const bytes = await readBody(body, headers['content-encoding'], this.settings.NESTOR_BINARY_BODY_MAX_BYTES);
    const length = headers[JSON_LENGTH_HEADER];
    return splitBody(bytes, Array.isArray(length) ? length[0] : length);
  }
}

const NO_BYTES = new Uint8Array(0);
