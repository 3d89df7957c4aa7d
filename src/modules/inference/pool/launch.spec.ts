import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch } from './launch.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestor-launch-'));
  // By then its parent has set what it is to have.
  const script = `setTimeout(() => console.log(require('node:os').getPriority()), 500);`;
  await writeFile(join(folder, 'entry.cjs'), script);
});
afterAll(() => rm(folder, { recursive: true }));

it('lets predictions go before what tries out a model', async () => {
  const lines: string[] = [];
  const child = launch(
    'inspect',
    { mode: 'inspect', device: 'cpu', threads: 1, emptyFolder: folder, path: 'none', digest: '0'.repeat(64) },
    {
      entry: join(folder, 'entry.cjs'),
      memoryBytes: 4 * 1024 ** 3,
      runTimeoutMs: 10_000,
      log: (_, line) => lines.push(line),
    },
  );
  await once(child, 'close');
  expect(lines).toEqual([String(Math.max(getPriority(), 10))]);
});
