import { randomUUID } from 'node:crypto';
import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../../common/access/actor.js';
import type { CallRequest } from '../../../../common/access/call-context.js';
import type { Permission } from '../../../../common/access/permissions.js';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { PublicErrorFilter } from '../../../../common/errors/public-error.filter.js';
import { toPublicError } from '../../../../common/errors/public-error.js';
import { Gatekeeper } from '../../../auth/access/gatekeeper.js';
import { MAY_INFER } from '../open-inference.access.js';
import { OpenInferenceService, type ModelPath } from '../open-inference.service.js';
import { grpcStatusOf } from './grpc-status.rules.js';
import type {
  InferRequestMessage,
  ModelMessage,
  RepositoryIndexMessage,
  RepositoryModelMessage,
} from './grpc-messages.js';
import { configurationMessage } from './configuration-message.rules.js';
import { readInferMessage, writeInferMessage } from './infer-messages.rules.js';
import { MalformedMessage, type MethodName, openInferenceService } from './protocol.js';

type Call<Request> = ServerUnaryCall<Request, object>;
type Handler<Request> = (call: Call<Request>, context: ActorContext) => Promise<object>;

/** The Open Inference Protocol over gRPC, on a port of its own (`GRPC_PORT`). */
@Injectable()
export class OpenInferenceGrpcServer implements BeforeApplicationShutdown {
  private server: Server | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly service: OpenInferenceService,
    private readonly gatekeeper: Gatekeeper,
    private readonly errors: PublicErrorFilter,
  ) {}

  /** @returns the port. */
  async listen(host: string, port: number): Promise<number> {
    const server = new Server({
      'grpc.max_receive_message_length': this.settings.NESTOR_BINARY_BODY_MAX_BYTES,
      'grpc.max_send_message_length': -1,
    });
    server.addService(openInferenceService, this.handlers());
    this.server = server;
    return new Promise((resolve, reject) => {
      server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
  }

  /** Calls in flight finish, within the time that there is. */
  async beforeApplicationShutdown(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        server.forceShutdown();
        resolve();
      }, this.settings.NESTOR_SHUTDOWN_TIMEOUT_MS);
      server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private handlers(): UntypedServiceImplementation {
    const { service } = this;
    return {
      ServerLive: this.open(() => ({ live: true })),
      ServerReady: this.open(() => ({ ready: service.isReady() })),
      ServerMetadata: this.open(() => service.server()),
      ModelReady: this.guarded<ModelMessage>('model:read', 'ModelReady', async ({ request }, context) => ({
        ready: await service.isModelReady(context, pathOf(request.name, request.version)),
      })),
      ModelMetadata: this.guarded<ModelMessage>('model:read', 'ModelMetadata', ({ request }, context) =>
        service.metadata(context, pathOf(request.name, request.version)),
      ),
      ModelInfer: this.guarded<InferRequestMessage>(MAY_INFER, 'ModelInfer', (call, context) =>
        this.infer(call, context),
      ),
      ModelConfig: this.guarded<ModelMessage>('model:read', 'ModelConfig', async ({ request }, context) =>
        configurationMessage(await service.configuration(context, pathOf(request.name, request.version))),
      ),
      ModelStatistics: this.guarded<ModelMessage>('model:read', 'ModelStatistics', ({ request }, context) =>
        service.statistics(context, request.name === '' ? {} : pathOf(request.name, request.version)),
      ),
      RepositoryIndex: this.guarded<RepositoryIndexMessage>(
        'model:read',
        'RepositoryIndex',
        async ({ request }, context) => ({
          models: await service.index(context, request.ready),
        }),
      ),
      RepositoryModelLoad: this.guarded<RepositoryModelMessage>(
        'model:promote',
        'RepositoryModelLoad',
        async ({ request }, context) => {
          await service.load(context, { model: request.model_name }, request.parameters);
          return {};
        },
      ),
      RepositoryModelUnload: this.guarded<RepositoryModelMessage>(
        'model:promote',
        'RepositoryModelUnload',
        async ({ request }, context) => {
          await service.unload(context, { model: request.model_name });
          return {};
        },
      ),
    } satisfies Record<MethodName, unknown>;
  }

  private async infer(call: Call<InferRequestMessage>, context: ActorContext): Promise<object> {
    const { model_name: model, model_version: version } = call.request;
    const left = new AbortController();
    call.once('cancelled', () => left.abort());
    const request = readInferMessage(call.request);
    const timeoutMs = request.timeoutMs ?? this.timeLeft(call);
    const facts = await this.service.infer(context, pathOf(model, version), { ...request, timeoutMs }, left.signal);
    return writeInferMessage(facts);
  }

  /** A deadline that the caller set counts where it is sooner than our own. */
  private timeLeft(call: Call<InferRequestMessage>): number | undefined {
    const left = Number(call.getDeadline()) - Date.now();
    return left < this.settings.NESTOR_PREDICT_TIMEOUT_MS ? Math.max(1, Math.ceil(left)) : undefined;
  }

  /** A method that answers without credentials, as probes have none. */
  private open(handle: () => object): handleUnaryCall<object, object> {
    return (_call, answer) => answer(null, handle());
  }

  private guarded<Request>(
    permission: Permission,
    name: MethodName,
    handle: Handler<Request>,
  ): handleUnaryCall<Request, object> {
    const rule = { kind: 'PERMISSION', permission } as const;
    const target = () => ({ resourceType: 'route', resourceId: `gRPC ${name}` }) as const;
    const answerTo = async (call: Call<Request>): Promise<object> => {
      const request = callRequestOf(call);
      await this.gatekeeper.admit({ rule, request, target });
      if (call.request instanceof MalformedMessage) {
        throw new CodedError('BAD_REQUEST', `The message is not a ${name}Request as the protocol defines it.`);
      }
      const { id: requestId, ip: address, actor } = request;
      if (!actor) throw new TypeError('The gatekeeper admitted a call of nobody.');
      return handle(call, { requestId, address, actor });
    };
    return (call, answer) => {
      answerTo(call).then(
        (response) => answer(null, response),
        (thrown: unknown) => answer(this.statusOf(thrown)),
      );
    };
  }

  private statusOf(thrown: unknown): object {
    const { code, status, message, retryAfterMs } = toPublicError(thrown, this.errors.report);
    const metadata = new Metadata();
    metadata.set('x-nestor-error-code', code);
    if (retryAfterMs !== undefined) metadata.set('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
    return { code: grpcStatusOf(status), details: message, metadata };
  }
}

function pathOf(model: string, version: string): ModelPath {
  return version === '' ? { model } : { model, version };
}

function callRequestOf<Request>(call: ServerUnaryCall<Request, object>): CallRequest {
  const header = (name: string): string | undefined => call.metadata.get(name)[0]?.toString();
  return {
    id: randomUUID(),
    ip: addressOf(call.getPeer()),
    headers: { authorization: header('authorization'), 'x-api-key': header('x-api-key') },
  };
}

/** The address of a peer such as `127.0.0.1:40312` or `[::1]:40312`. */
function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, '').replaceAll(/^\[|\]$/g, '');
}
