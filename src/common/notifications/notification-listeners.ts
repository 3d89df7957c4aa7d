import type { Logger } from 'pino';
import type { Channel } from './notifications.js';

/** Most bytes of a message: PostgreSQL takes fewer than 8,000. */
export const MESSAGE_LIMIT = 7_900;

/** @throws {RangeError} when the message is too long. */
export function assertSendable(channel: Channel, message: string): void {
  const length = Buffer.byteLength(message);
  if (length > MESSAGE_LIMIT) {
    throw new RangeError(`A notification on ${channel} has ${length} bytes; at most ${MESSAGE_LIMIT} can be sent.`);
  }
}

/** Who listens within this process. */
export class NotificationListeners {
  private readonly byChannel = new Map<string, Set<(message: string) => void>>();
  private readonly gaps = new Set<() => void>();

  constructor(private readonly logger: Logger) {}

  subscribe(channel: Channel, listener: (message: string) => void): () => void {
    const listeners = this.byChannel.get(channel) ?? new Set();
    this.byChannel.set(channel, listeners);
    return register(listeners, (message: string) => listener(message));
  }

  onGap(listener: () => void): () => void {
    return register(this.gaps, () => listener());
  }

  deliver(channel: string, message: string): void {
    for (const listener of this.byChannel.get(channel) ?? []) this.call(() => listener(message));
  }

  /** Tells that notifications may have been missed up to now. */
  tellGap(): void {
    for (const listener of this.gaps) this.call(listener);
  }

  /** One listener's failure is not the others' affair. */
  private call(listener: () => void): void {
    try {
      listener();
    } catch (err) {
      this.logger.error({ err }, 'a listener to notifications failed');
    }
  }
}

/** Wrapped by the caller, so that a function registered twice is called twice and each registration ends alone. */
function register<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
