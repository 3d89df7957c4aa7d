import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../src/common/process/package-root.js';
import type { BenchModel } from './models.js';

/** A bare server in a process of its own. */
export interface BareServer {
  readonly url: string;
  stop(): Promise<void>;
}

const PORT = 3910;

/** Starts the server that Nestor is measured against, in front of an executor that has the model. */
export async function startBare(model: BenchModel): Promise<BareServer> {
  const child = fork(join(packageRoot, 'dist/bench/support/bare-server.js'), [String(PORT), model]);
  await once(child, 'message');
  const gone = once(child, 'exit');
  return {
    url: `http://127.0.0.1:${PORT}/`,
    stop: async () => {
      child.disconnect();
      await gone;
    },
  };
}
