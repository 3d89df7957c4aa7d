import { CodedError } from '../../../common/errors/coded-error.js';
import type { ExecutorResources } from '../pool/executor-resources.js';
import type { ExecutorHostState } from '../protocol/executor-state.js';

/** What has been said of the executors of a pool; the rest is as the settings of its workers say. */
export type PoolResources = Partial<ExecutorResources>;

/** Says what to change: null goes back to the settings of the workers. */
export type PoolResourcesChange = { readonly [Name in keyof ExecutorResources]?: ExecutorResources[Name] | null };

/**
 * Variables that tune computing and nothing else. Not among them are any that name a file, a folder or a library, such as
 * LD_PRELOAD, LD_LIBRARY_PATH, NODE_OPTIONS, OMP_TOOL_LIBRARIES or CUDA_INJECTION64_PATH: by those, whoever may configure
 * a pool could run code on its machines.
 */
export const allowedVariables: readonly string[] = [
  'CUBLAS_WORKSPACE_CONFIG',
  'CUDA_CACHE_DISABLE',
  'CUDA_CACHE_MAXSIZE',
  'CUDA_DEVICE_MAX_CONNECTIONS',
  'CUDA_DEVICE_ORDER',
  'CUDA_LAUNCH_BLOCKING',
  'CUDA_MODULE_LOADING',
  'CUDA_VISIBLE_DEVICES',
  'KMP_AFFINITY',
  'KMP_BLOCKTIME',
  'MALLOC_ARENA_MAX',
  'NVIDIA_TF32_OVERRIDE',
  'OMP_DYNAMIC',
  'OMP_MAX_ACTIVE_LEVELS',
  'OMP_NUM_THREADS',
  'OMP_PLACES',
  'OMP_PROC_BIND',
  'OMP_SCHEDULE',
  'OMP_STACKSIZE',
  'OMP_THREAD_LIMIT',
  'OMP_WAIT_POLICY',
];

const allowed: ReadonlySet<string> = new Set(allowedVariables);
/** Printable ASCII, no longer than any of these variables needs. */
const valuePattern = /^[\x20-\x7e]{0,256}$/;

/** @throws {CodedError} INVALID_INPUT for a variable that executors are not given, or a value that is none. */
export function assertEnvironment(environment: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(environment)) {
    if (!allowed.has(name)) {
      const message = `environment: executors are not given ${JSON.stringify(name)}; they can be given ${allowedVariables.join(', ')}.`;
      throw new CodedError('INVALID_INPUT', message);
    }
    if (!valuePattern.test(value)) {
      throw new CodedError('INVALID_INPUT', `environment: ${name} must be at most 256 printable ASCII characters.`);
    }
  }
}

/**
 * Whether a machine of the pool could give an executor so much; nothing is known where none is there now.
 * @throws {CodedError} INVALID_INPUT where the largest could not.
 */
export function assertFits({ threads, memoryBytes }: PoolResources, hosts: readonly ExecutorHostState[]): void {
  if (hosts.length === 0) return;
  const cores = Math.max(...hosts.map(({ machine }) => machine.cores));
  if (threads !== undefined && threads > cores) {
    throw new CodedError(
      'INVALID_INPUT',
      `threads: no machine of the pool has ${threads} cores; the largest has ${cores}.`,
    );
  }
  const memory = Math.max(...hosts.map(({ machine }) => machine.memoryBytes));
  if (memoryBytes !== undefined && memoryBytes > memory) {
    const message = `memoryBytes: no machine of the pool has ${memoryBytes} bytes; the largest has ${memory}.`;
    throw new CodedError('INVALID_INPUT', message);
  }
}

/** What holds after a change. */
export function changedResources(before: PoolResources, change: PoolResourcesChange): PoolResources {
  const { devices, threads, memoryBytes, cacheBytes, environment } = { ...before, ...given(change) };
  return {
    ...(devices && { devices }),
    ...(threads && { threads }),
    ...(memoryBytes && { memoryBytes }),
    ...(cacheBytes && { cacheBytes }),
    ...(environment && { environment }),
  };
}

/** Only what was said; what was not said stays. */
function given(change: PoolResourcesChange): PoolResourcesChange {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

/** What executors are given where the settings of their worker say `settings`. */
export function effectiveResources(settings: ExecutorResources, resources: PoolResources): ExecutorResources {
  const environment = { ...settings.environment, ...resources.environment };
  return { ...settings, ...resources, environment };
}
