import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Settings } from '../../../common/config/settings.js';
import { packageRoot } from '../../../common/process/package-root.js';
import type { LaunchOptions } from '../pool/launch.js';

/** How this installation starts executor processes. */
export function launchOptions(settings: Settings, logger: Logger): LaunchOptions {
  return {
    entry: join(packageRoot, 'dist/src/executor.main.js'),
    memoryBytes: settings.NESTOR_EXECUTOR_MEMORY_BYTES,
    runTimeoutMs: settings.NESTOR_EXECUTOR_RUN_TIMEOUT_MS,
    environment: settings.LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH: settings.LD_LIBRARY_PATH },
    log: (level, message, facts) => logger[level](facts ?? {}, message),
  };
}
