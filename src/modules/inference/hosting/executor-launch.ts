import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Settings } from '../../../common/config/settings.js';
import { packageRoot } from '../../../common/process/package-root.js';
import type { LaunchOptions } from '../pool/launch.js';
import { defaultResources } from './default-resources.js';

/** How this installation starts executor processes. */
export function launchOptions(settings: Settings, logger: Logger): LaunchOptions {
  const { memoryBytes, environment = {} } = defaultResources(settings);
  return {
    entry: join(packageRoot, 'dist/src/executor.main.js'),
    memoryBytes,
    runTimeoutMs: settings.NESTOR_EXECUTOR_RUN_TIMEOUT_MS,
    environment,
    log: (level, message, facts) => logger[level](facts ?? {}, message),
  };
}
