import type { ExecutorToHost, HostToExecutor } from '../protocol/control.js';

/** The way from an executor to the process that hosts it. */
export interface HostChannel {
  send(message: ExecutorToHost): void;
  onMessage(listener: (message: HostToExecutor) => void): void;
  /** The host is gone, or does not want this process any more. */
  onDisconnect(listener: () => void): void;
}

/** The IPC channel of a process that was spawned with one. */
export function ipcChannel(child: NodeJS.Process): HostChannel {
  return {
    send: (message) => {
      // A failure to send means that the host is gone, which 'disconnect' tells.
      if (child.connected) child.send?.(message, undefined, undefined, () => undefined);
    },
    onMessage: (listener) => {
      child.on('message', (message) => listener(message as HostToExecutor));
    },
    onDisconnect: (listener) => {
      child.once('disconnect', listener);
    },
  };
}
