/** `npm start`: makes this clone ready and starts all of Nestor in the foreground. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, runScript } from './command.mjs';
import { build, checkNode, installDependencies } from './prepare.mjs';

await runScript(async () => {
  checkNode();
  console.log('Nestor');
  await installDependencies();
  await build();
});
process.setSourceMapsEnabled(true);
// In this very process: one less that signals have to pass through.
await import(pathToFileURL(join(root, 'dist', 'src', 'launcher.main.js')).href);
