import { processFacts } from './state/process-facts.js';

const POLL_MS = 250;

/** Shells through which npm runs its scripts. */
const SHELL = /(^|\/)(sh|dash|bash|ash|zsh)( |$)/;

/**
 * Calls `gone` when the npm that runs us has ended: whoever kills `npm start` means all of it. A shell between npm and
 * us passes no signal on, and lives on when npm is killed, so the one above it is watched too.
 * @returns a function that ends the watch.
 */
export function watchNpm(
  environment: Readonly<Record<string, string | undefined>>,
  gone: () => void,
  pollMs = POLL_MS,
): () => void {
  if (environment['npm_lifecycle_event'] === undefined || process.platform === 'win32') return () => undefined;
  const parent = process.ppid;
  const first = parentOfShell(parent);
  const timer = setInterval(() => {
    void (async () => {
      const above = await first;
      if (process.ppid === parent && (above === undefined || (await parentOfShell(parent)) === above)) return;
      clearInterval(timer);
      gone();
    })();
  }, pollMs);
  timer.unref();
  return () => clearInterval(timer);
}

async function parentOfShell(pid: number): Promise<number | undefined> {
  const facts = await processFacts(pid);
  return SHELL.test(facts?.commandLine ?? '') ? facts?.parent : undefined;
}
