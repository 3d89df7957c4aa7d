/** Takes what a pool and its executors have to say. */
export type ExecutorLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  facts?: Readonly<Record<string, unknown>>,
) => void;
