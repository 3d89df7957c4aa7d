import './common/process/production.js';
import 'reflect-metadata';
import { bootstrap } from './bootstrap.js';
import { runProcess } from './common/process/run-process.js';

await runProcess('bootstrap', async (settings, logger) => {
  const result = await bootstrap(settings, logger, {
    resetAdminPassword: process.argv.includes('--reset-admin-password'),
  });
  // The launcher reads the last line, which holds secrets and goes to no log; so nothing may be said after it.
  return new Promise(() => process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0)));
});
