import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isJsonObject } from '../../../src/common/json/json-object.js';
import { packageRoot } from '../../../src/common/process/package-root.js';

/** A block of commands of a guide, and what the guide says that they print: JSON, or null where it says nothing. */
export interface GuideStep {
  readonly commands: string;
  readonly shown: unknown;
}

/** The `sh` blocks of a guide, each with the `json` block right behind it. */
export function stepsOf(markdown: string): GuideStep[] {
  const blocks = [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind, text = '']) => ({ kind, text }));
  return blocks.flatMap(({ kind, text }, index) => {
    const next = blocks[index + 1];
    if (kind !== 'sh') return [];
    return [{ commands: text, shown: next?.kind === 'json' ? (JSON.parse(next.text) as unknown) : null }];
  });
}

/**
 * Runs the commands in one shell, as a reader would paste them, in the root of the repository.
 * @returns what each step printed.
 */
export async function runGuide(
  steps: readonly GuideStep[],
  environment: Readonly<Record<string, string>>,
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'nestor-guide-'));
  const fileOf = (index: number): string => join(folder, `step-${index}`);
  try {
    const script = steps.map(({ commands }, index) => `{\n${commands}} > '${fileOf(index)}'\n`).join('');
    await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: packageRoot,
      env: { ...process.env, ...environment },
      timeout: 120_000,
    });
    return await Promise.all(steps.map((_, index) => readFile(fileOf(index), 'utf8')));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * @returns what was printed, with an ellipsis wherever the guide has one: for a value that is another each time, or for
 * what follows in a list.
 */
export function asShown(printed: unknown, shown: unknown): unknown {
  if (shown === '…') return printed === null || printed === undefined ? printed : '…';
  if (Array.isArray(printed) && Array.isArray(shown)) {
    const isCut = shown.at(-1) === '…' && printed.length >= shown.length;
    const compared: unknown[] = isCut ? [...printed.slice(0, shown.length - 1), '…'] : printed;
    return compared.map((each, index) => asShown(each, (shown as unknown[])[index]));
  }
  if (isJsonObject(printed) && isJsonObject(shown)) {
    return Object.fromEntries(Object.entries(printed).map(([name, value]) => [name, asShown(value, shown[name])]));
  }
  return printed;
}
