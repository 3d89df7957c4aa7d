const POLL_MS = 1_000;

/**
 * Calls `gone` when the npm that runs us was killed: whoever kills `npm start` means all of it. Where npm runs us
 * through a shell that stays, that shell is what is watched.
 */
export function watchNpm(environment: Readonly<Record<string, string | undefined>>, gone: () => void): void {
  if (environment['npm_lifecycle_event'] === undefined || process.platform === 'win32') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    gone();
  }, POLL_MS);
  timer.unref();
}
