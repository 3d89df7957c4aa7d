import type { SharedKey } from '../../../common/tls/shared-key.js';
import type { ExecutorSettings } from '../protocol/control.js';
import { type HostChannel, ipcChannel } from './host-channel.js';
import { inspect } from './inspect.js';
import { guardAgainstOrphanhood } from './orphan-guard.js';
import { serve } from './serve.js';

/**
 * The life of an executor process. It is told what to do by the one argument of its command line, ends when its host
 * does, finishes its work first on `drain` or SIGTERM, and leaves Ctrl-C to the host, which drains it.
 */
export async function runExecutorProcess(child: NodeJS.Process): Promise<void> {
  const host = ipcChannel(child);
  host.onDisconnect(() => child.exit(0));
  child.on('SIGINT', () => undefined);
  guardAgainstOrphanhood();
  const settings = JSON.parse(child.argv[2] ?? '') as ExecutorSettings;
  if (settings.mode === 'inspect') {
    // The host ends this process as soon as it has the answer.
    await inspect(settings, host);
    return;
  }
  let isAskedToDrain = false;
  let drain = (): void => {
    isAskedToDrain = true;
  };
  child.on('SIGTERM', () => drain());
  host.onMessage((message) => {
    if (message.type === 'drain') drain();
  });
  const key = settings.address.startsWith('tls:') ? await keyFrom(host) : undefined;
  const executor = await serve(settings, host, key);
  drain = (): void => {
    void executor.drain().then(() => child.exit(0));
  };
  if (isAskedToDrain) drain();
}

/** The host sends it first of all. */
async function keyFrom(host: HostChannel): Promise<SharedKey> {
  return new Promise((resolve) => {
    host.onMessage((message) => {
      if (message.type !== 'key') return;
      resolve({ identity: message.identity, key: Buffer.from(message.key, 'base64') });
    });
  });
}
