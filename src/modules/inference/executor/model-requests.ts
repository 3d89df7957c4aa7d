import { CodedError } from '../../../common/errors/coded-error.js';
import type { WarmUpSample } from '../../registry/serving/serving-policy.js';
import type { HostToExecutor } from '../protocol/control.js';
import type { HostChannel } from './host-channel.js';

/** Where a model's file is, and what the model is run on before it counts as loaded. */
export interface ProvidedModel {
  readonly path: string;
  readonly warmUp: readonly WarmUpSample[];
}

interface Waiter {
  readonly resolve: (model: ProvidedModel) => void;
  readonly reject: (error: CodedError) => void;
}

/** Asks the host for the files of models that this executor does not hold. */
export class ModelRequests {
  private readonly waiters = new Map<string, Waiter>();

  constructor(private readonly host: HostChannel) {}

  /** @throws {CodedError} with the host's reason. */
  fileOf(digest: string): Promise<ProvidedModel> {
    return new Promise((resolve, reject) => {
      this.waiters.set(digest, { resolve, reject });
      this.host.send({ type: 'need', digest });
    });
  }

  /** Takes the host's answer. */
  handle(message: HostToExecutor): void {
    if (message.type !== 'model' && message.type !== 'modelUnavailable') return;
    const waiter = this.waiters.get(message.digest);
    this.waiters.delete(message.digest);
    if (message.type === 'model') {
      waiter?.resolve({ path: message.path, warmUp: message.warmUp });
    } else {
      const { code, message: text, retryAfterMs } = message.error;
      waiter?.reject(new CodedError(code, text, retryAfterMs === undefined ? {} : { retryAfterMs }));
    }
  }
}
