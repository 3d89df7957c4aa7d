import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../src/common/process/package-root.js';

/** A program that the bench started, and that does not outlive the bench (see `keeper.ts`). */
export interface KeptProcess {
  readonly pid: number;
  /** The last that it printed. */
  readonly output: string;
  readonly hasEnded: boolean;
  /** Ends it and all that it started. */
  stop(): Promise<void>;
}

export interface KeptProgram {
  readonly command: readonly [program: string, ...parameters: string[]];
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Removed when the bench is interrupted. */
  readonly folder: string;
}

const OUTPUT_LIMIT = 20_000;

export async function keepRunning({ command, cwd, environment, folder }: KeptProgram): Promise<KeptProcess> {
  // Detached: Ctrl-C on a terminal ends the bench, and that ends this in order.
  const keeper = fork(join(packageRoot, 'dist/bench/support/keeper.js'), [folder, ...command], {
    cwd,
    env: environment,
    silent: true,
    detached: true,
  });
  const ended = once(keeper, 'exit');
  let output = '';
  for (const stream of [keeper.stdout, keeper.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-OUTPUT_LIMIT)));
  }
  const [{ pid }] = (await once(keeper, 'message')) as [{ pid: number }];
  return {
    pid,
    get output() {
      return output;
    },
    get hasEnded() {
      return keeper.exitCode !== null;
    },
    stop: async () => {
      if (keeper.connected) keeper.send('stop');
      await ended;
    },
  };
}
