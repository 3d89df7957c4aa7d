import type { Settings } from '../../../common/config/settings.js';
import type { ExecutorResources } from '../pool/executor-resources.js';

/** What the settings of this worker give each of its executors. */
export function defaultResources(settings: Settings): ExecutorResources {
  return {
    devices: settings.NESTOR_DEVICES,
    threads: settings.NESTOR_EXECUTOR_THREADS,
    memoryBytes: settings.NESTOR_EXECUTOR_MEMORY_BYTES,
    cacheBytes: settings.NESTOR_EXECUTOR_CACHE_BYTES,
    environment: settings.LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH: settings.LD_LIBRARY_PATH },
  };
}
