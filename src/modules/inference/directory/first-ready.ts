import type { ExecutorView } from '../client/executor-view.js';

/** Number of executors that take requests. */
export function countReady(view: ExecutorView): number {
  return view
    .hosts()
    .reduce((sum, { executors }) => sum + executors.filter(({ state }) => state === 'READY').length, 0);
}

/** Resolves when an executor takes requests, after `timeoutMs` at the latest. */
export async function firstReady(view: ExecutorView, timeoutMs: number): Promise<void> {
  if (countReady(view) > 0) return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(finish, timeoutMs);
    timer.unref();
    const stop = view.onChange(() => {
      if (countReady(view) > 0) finish();
    });
  });
}
