import type { Writable } from 'node:stream';
import { durationText } from './duration.rules.js';

const CLEAR_LINE = '\r\u001B[K';

/** What the person who typed `npm start` sees: one line for each step, with how long it took. */
export class Terminal {
  private readonly running: string[] = [];

  /** @param interactive whether a line may be written over, as a terminal allows and a file does not. */
  constructor(
    private readonly output: Writable,
    private readonly interactive: boolean,
  ) {}

  /** Does one step and tells how it went. @param detail what to add on success, in brackets. */
  async step<Result>(label: string, work: () => Promise<Result>, detail?: (result: Result) => string): Promise<Result> {
    const startedAt = performance.now();
    this.running.push(label);
    if (this.interactive) this.output.write(`${this.running.length > 1 ? CLEAR_LINE : ''}${this.progress()}`);
    try {
      const result = await work();
      this.end(label, `  ✓ ${label}${detail ? ` (${detail(result)})` : ''}`, startedAt);
      return result;
    } catch (error) {
      this.end(label, `  ✗ ${label}`, startedAt);
      throw error;
    }
  }

  /** Prints a line of its own, above the step in progress. */
  line(text: string): void {
    const clear = this.interactive && this.running.length > 0 ? CLEAR_LINE : '';
    this.output.write(`${clear}${text}\n`);
    if (clear !== '') this.output.write(this.progress());
  }

  private end(label: string, text: string, startedAt: number): void {
    const clear = this.interactive ? CLEAR_LINE : '';
    this.running.splice(this.running.indexOf(label), 1);
    this.output.write(`${clear}${text}  ${durationText(performance.now() - startedAt)}\n`);
    if (this.interactive && this.running.length > 0) this.output.write(this.progress());
  }

  private progress(): string {
    return `  … ${this.running.join(', ')}`;
  }
}
