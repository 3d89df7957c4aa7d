/** What an executor is given of its machine, and how it uses it. */
export interface ExecutorResources {
  /** `cpu` or `cuda:N`, dealt out to the executors in turn; at least one. */
  readonly devices: readonly string[];
  /** Threads of one model run (intra-op). */
  readonly threads: number;
  /** Memory that one executor may hold, in bytes. */
  readonly memoryBytes: number;
  /** Bytes of model files that one executor keeps loaded. */
  readonly cacheBytes: number;
  /** Environment of the processes. Nothing is needed but for CUDA, whose libraries may ask for LD_LIBRARY_PATH. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Whether both say the same. */
export function isSameResources(one: ExecutorResources, other: ExecutorResources): boolean {
  return textOf(one) === textOf(other);
}

function textOf({ devices, threads, memoryBytes, cacheBytes, environment = {} }: ExecutorResources): string {
  const variables = Object.entries(environment).sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([devices, threads, memoryBytes, cacheBytes, variables]);
}
