import { CodedError } from '../../../common/errors/coded-error.js';
import type { HostToExecutor } from '../protocol/control.js';
import type { HostChannel } from './host-channel.js';

interface Waiter {
  readonly resolve: (path: string) => void;
  readonly reject: (error: CodedError) => void;
}

/** Asks the host for the files of models that this executor does not hold. */
export class ModelRequests {
  private readonly waiters = new Map<string, Waiter>();

  constructor(private readonly host: HostChannel) {}

  /**
   * The path of a model's file.
   * @throws {CodedError} with the host's reason.
   */
  pathOf(digest: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.waiters.set(digest, { resolve, reject });
      this.host.send({ type: 'need', digest });
    });
  }

  /** Takes the host's answer. */
  handle(message: HostToExecutor): void {
    if (message.type === 'drain') return;
    const waiter = this.waiters.get(message.digest);
    this.waiters.delete(message.digest);
    if (message.type === 'model') {
      waiter?.resolve(message.path);
    } else {
      const { code, message: text, retryAfterMs } = message.error;
      waiter?.reject(new CodedError(code, text, retryAfterMs === undefined ? {} : { retryAfterMs }));
    }
  }
}
