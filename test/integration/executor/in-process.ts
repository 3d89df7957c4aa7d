import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostChannel } from '../../../src/modules/inference/executor/host-channel.js';
import { serve, type ServingExecutor } from '../../../src/modules/inference/executor/serve.js';
import type {
  ExecutorStatus,
  ExecutorToHost,
  HostToExecutor,
  ServeSettings,
} from '../../../src/modules/inference/protocol/control.js';
import type { ExecutorHostState, ExecutorLifecycle } from '../../../src/modules/inference/protocol/executor-state.js';

/** The host's side of a control channel, in the same process. Answers `need` from a map of paths. */
export class InProcessHost implements HostChannel {
  readonly sent: ExecutorToHost[] = [];
  readonly paths = new Map<string, string>();
  private readonly events = new EventEmitter();

  send(message: ExecutorToHost): void {
    this.sent.push(message);
    if (message.type !== 'need') return;
    const { digest } = message;
    const path = this.paths.get(digest);
    const error = { code: 'MODEL_QUARANTINED', message: 'Not now.', retryAfterMs: 5 } as const;
    setImmediate(() =>
      this.tell(
        path === undefined ? { type: 'modelUnavailable', digest, error } : { type: 'model', digest, path, warmUp: [] },
      ),
    );
  }

  onMessage(listener: (message: HostToExecutor) => void): void {
    this.events.on('message', listener);
  }

  onDisconnect(listener: () => void): void {
    this.events.on('disconnect', listener);
  }

  tell(message: HostToExecutor): void {
    this.events.emit('message', message);
  }

  get statuses(): ExecutorStatus[] {
    return this.sent.flatMap((message) => (message.type === 'status' ? message.status : []));
  }
}

export interface InProcessExecutor {
  readonly host: InProcessHost;
  readonly serving: ServingExecutor;
  readonly socketPath: string;
  readonly folder: string;
  close(): Promise<void>;
}

/** An executor in this process, on a real socket. */
export async function startInProcess(settings: Partial<ServeSettings> = {}): Promise<InProcessExecutor> {
  const folder = await mkdtemp(join(tmpdir(), 'nestor-test-'));
  const socketPath = join(folder, 'executor.sock');
  const host = new InProcessHost();
  const serving = await serve(
    {
      mode: 'serve',
      device: 'cpu',
      threads: 1,
      emptyFolder: folder,
      address: `unix:${socketPath}`,
      cacheBytes: 64 * 1024 * 1024,
      batchMs: 50,
      maxBatchRows: 256,
      heartbeatMs: 20,
      ...settings,
    },
    host,
  );
  const close = async (): Promise<void> => {
    await serving.drain();
    await rm(folder, { recursive: true, force: true });
  };
  return { host, serving, socketPath, folder, close };
}

/** What a host would publish of executors at these sockets. */
export function hostState(
  sockets: Readonly<Record<string, string>>,
  more: { state?: ExecutorLifecycle; models?: Readonly<Record<string, string>>; quarantined?: readonly string[] } = {},
): ExecutorHostState {
  const { state = 'READY', models = {}, quarantined = [] } = more;
  return {
    hostId: 'host',
    pool: 'default',
    room: 4,
    machine: { cores: 4, memoryBytes: 8 * 1024 ** 3 },
    executors: Object.entries(sockets).map(([id, path]) => ({
      id,
      hostId: 'host',
      address: `unix:${path}`,
      device: 'cpu',
      effectiveDevice: 'cpu',
      deviceError: null,
      state,
      pid: 1,
      models: models[id] === undefined ? [] : [{ digest: models[id], bytes: 1 }],
      loading: [],
      failures: [],
      inFlight: 0,
      loads: 0,
      restarts: 0,
      rssBytes: 1,
      startedAt: 0,
      heartbeatAt: 0,
    })),
    quarantined: quarantined.map((digest) => ({ digest, until: Date.now() + 60_000 })),
    endings: [],
  };
}
