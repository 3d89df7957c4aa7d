/** Longest line that goes to the terminal; the log file has the whole. */
const WIDTH = 300;

const SHOWN_LEVELS: ReadonlySet<unknown> = new Set(['warn', 'error', 'fatal']);

/**
 * What of a line of a process's log the terminal shows: warnings and errors, in brief. A line that is not one of our
 * JSON lines comes from Node itself or from a library, and is shown as it is.
 */
export function terminalLine(line: string): string | undefined {
  const entry = parseEntry(line);
  if (entry === undefined) return line.trim() === '' ? undefined : line.slice(0, WIDTH);
  if (!SHOWN_LEVELS.has(entry['level'])) return undefined;
  const { level, msg, err } = entry;
  const parts = [level, msg, isRecord(err) ? err['message'] : undefined];
  return parts
    .filter((part) => typeof part === 'string')
    .join(': ')
    .slice(0, WIDTH);
}

function parseEntry(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const parsed: unknown = JSON.parse(line);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Allows at most `limit` lines in each window, so that a failing process does not flood the terminal. */
export class LineBudget {
  private windowStart = Number.NEGATIVE_INFINITY;
  private used = 0;

  constructor(
    private readonly limit: number,
    private readonly windowMs: number,
  ) {}

  /** @returns `show` for a line within the budget, `last` for the one that uses it up, `hide` beyond. */
  take(now: number): 'show' | 'last' | 'hide' {
    if (now - this.windowStart >= this.windowMs) {
      this.windowStart = now;
      this.used = 0;
    }
    this.used += 1;
    if (this.used < this.limit) return 'show';
    return this.used === this.limit ? 'last' : 'hide';
  }
}
