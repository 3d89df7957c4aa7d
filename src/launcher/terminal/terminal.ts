/** Where the launcher prints: standard output, or anything that takes text. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** How often the line of a running step is drawn again, in milliseconds. */
const REDRAW_MS = 100;
const CLEAR_LINE = '\r\x1b[2K';

/** @param milliseconds shown in seconds, such as `1.2 s`. */
export function duration(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** What the person who typed `npm start` sees. The same form as `scripts/progress.mjs`, which runs before a build exists. */
export class Terminal {
  private current: { readonly title: string; readonly startedAt: number } | undefined;

  constructor(private readonly output: Output) {}

  /** Runs one step under its title, and says how long it took. */
  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    this.current = { title, startedAt };
    this.draw();
    const timer = this.output.isTTY === true ? setInterval(() => this.draw(), REDRAW_MS) : undefined;
    const end = (mark: string) => {
      this.current = undefined;
      this.line(`  ${mark} ${title} (${duration(performance.now() - startedAt)})`);
    };
    try {
      const result = await work();
      end('✓');
      return result;
    } catch (error) {
      end('✗');
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  /** Prints a line; the line of a running step stays below it. */
  line(text: string): void {
    if (this.output.isTTY === true) this.output.write(CLEAR_LINE);
    this.output.write(`${text}\n`);
    if (this.output.isTTY === true) this.draw();
  }

  private draw(): void {
    if (this.current === undefined) return;
    const { title, startedAt } = this.current;
    if (this.output.isTTY === true) {
      this.output.write(`${CLEAR_LINE}  ${title} … ${duration(performance.now() - startedAt)}`);
    } else {
      this.output.write(`  ${title} …\n`);
    }
  }
}
