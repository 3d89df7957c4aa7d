import type { SharedKey } from '../../../common/tls/shared-key.js';
import type { ExecutorPhase, ServeSettings } from '../protocol/control.js';
import { chooseDevice } from './device.js';
import { ExecutorServer } from './executor-server.js';
import { Executor } from './executor.js';
import type { HostChannel } from './host-channel.js';
import { readModelFile } from './model-file.js';
import { ModelRequests } from './model-requests.js';
import { ModelSession } from './model-session.js';

/** An executor that serves. */
export interface ServingExecutor {
  /** Finishes what was taken; resolves when nothing is left. */
  drain(): Promise<void>;
}

/**
 * Starts an executor: chooses the device, listens, tells the host, and answers requests until it is drained.
 * @param key what its clients must know; needed where it listens on the network.
 */
export async function serve(settings: ServeSettings, host: HostChannel, key?: SharedKey): Promise<ServingExecutor> {
  const device = await chooseDevice(settings);
  const sessionOptions = { ...settings, device: device.effectiveDevice };
  const requests = new ModelRequests(host);
  const announceRunning = announcer(host);
  let state: ExecutorPhase = 'STARTING';
  let port: number | null = null;
  // Files are read one after another, so that not all of them are in memory twice at once.
  let reading: Promise<unknown> = Promise.resolve();
  const executor: Executor = new Executor({
    ...settings,
    fetchModel: async (digest) => {
      const { path, warmUp } = await requests.fileOf(digest);
      const bytes = reading.then(() => readModelFile(path, digest));
      reading = bytes.catch(() => undefined);
      return { bytes: await bytes, warmUp };
    },
    openModel: (bytes) => ModelSession.open(bytes, sessionOptions),
    onRunning: announceRunning,
    onModels: () => report(),
  });
  const report = (): void => {
    const { inFlight, loads, loading, failures } = executor;
    const models = executor.models();
    const rssBytes = process.memoryUsage.rss();
    host.send({
      type: 'status',
      status: { state, port, ...device, models, loading, failures, inFlight, loads, rssBytes },
    });
  };
  const server = new ExecutorServer(executor);
  const heartbeat = setInterval(() => {
    report();
    if (state === 'READY') executor.fetchResidents();
  }, settings.heartbeatMs);
  const drain = async (): Promise<void> => {
    if (state !== 'DRAINING') {
      state = 'DRAINING';
      report();
    }
    draining ??= server.drain();
    await draining;
    clearInterval(heartbeat);
  };
  let draining: Promise<void> | undefined;
  host.onMessage((message) => {
    if (message.type === 'orders') executor.order(message.orders);
    else requests.handle(message);
  });
  report();
  port = await server.listen(settings.address, key);
  state = 'READY';
  report();
  return { drain };
}

/** Tells the host which model runs, whenever it is another than before. */
function announcer(host: HostChannel): (digest: string) => void {
  let announced: string | undefined;
  return (digest) => {
    if (digest === announced) return;
    announced = digest;
    host.send({ type: 'running', digest });
  };
}
