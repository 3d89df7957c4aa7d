/** Why the host killed a process. */
export type KillReason = 'memory' | 'hung' | 'stopped';

/** How a process ended. */
export interface ProcessEnd {
  readonly reason: 'exited' | 'crashed' | 'killed' | KillReason;
  /** Whether the model that ran is to blame. */
  readonly isModelsFault: boolean;
  /** For people: completes "The executor …". */
  readonly text: string;
}

export interface ExitFacts {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set where the host itself killed the process. */
  readonly killedFor: KillReason | undefined;
  /** Whether the system has ended processes for lack of memory meanwhile. */
  readonly isSystemOutOfMemory: boolean;
}

/** Signals with which people and supervisors end processes; a crash shows as another one. */
const endedFromOutside: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

/** Tells what an exit means. A process that somebody else killed says nothing against its model. */
export function processEnd({ code, signal, killedFor, isSystemOutOfMemory }: ExitFacts): ProcessEnd {
  if (killedFor === 'memory' || (signal === 'SIGKILL' && isSystemOutOfMemory && killedFor === undefined)) {
    return { reason: 'memory', isModelsFault: true, text: 'used more memory than it may and was ended' };
  }
  if (killedFor === 'hung') {
    return { reason: 'hung', isModelsFault: true, text: 'was busy for longer than it may and was ended' };
  }
  if (killedFor === 'stopped') return { reason: 'stopped', isModelsFault: false, text: 'was stopped' };
  if (signal !== null && endedFromOutside.has(signal)) {
    return { reason: 'killed', isModelsFault: false, text: `was killed from outside (${signal})` };
  }
  if (code === 0) return { reason: 'exited', isModelsFault: false, text: 'ended' };
  return { reason: 'crashed', isModelsFault: true, text: `crashed (${signal ?? `exit code ${code}`})` };
}
