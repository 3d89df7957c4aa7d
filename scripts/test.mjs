/**
 * `npm test`: does its own set-up on a bare clone, then checks everything there is to check. With parameters it runs
 * only the tests that they select: `npm test -- src/common`. On CI the clients of other projects are tried as well.
 */

import { join } from 'node:path';
import { root, runNode, runNpm, runScript } from './command.mjs';
import { tryClients } from './interop.mjs';
import { build, checkNode, installDependencies } from './prepare.mjs';
import { duration, step } from './progress.mjs';

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const selected = process.argv.slice(2);

await runScript(async () => {
  const startedAt = performance.now();
  checkNode();
  await installDependencies();
  if (selected.length > 0) {
    await runNode([vitest, 'run', ...selected], { show: true });
    return;
  }
  await step('Format', () => runNpm(['run', 'format:check', '--silent']));
  await step('Lint', () => runNpm(['run', 'lint', '--silent']));
  await step('Types', () => runNpm(['run', 'typecheck', '--silent']));
  await build();
  console.log('  Tests …');
  await runNode([vitest, 'run', '--coverage'], { show: true });
  if (process.env.CI) await tryClients();
  console.log(`\nAll checks passed in ${duration(performance.now() - startedAt)}.`);
});
