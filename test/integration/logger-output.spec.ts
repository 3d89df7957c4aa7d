import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { built } from '../support/built.js';

/** Logs more than its reader takes, and its last words when the reader is gone. */
const program = (logger: string) => `
const { createLogger } = await import(${JSON.stringify(logger)});
const log = createLogger('test', 'info');
log.info('nobody reads this');
process.send('logged');
await new Promise((resolve) => process.once('message', resolve));
log.info('to nobody');
log.fatal('the last words');
process.exit(7);
`;

describe('the log of a process', () => {
  it('keeps no process from ending when its reader was killed with lines unread', async () => {
    const logger = pathToFileURL(await built('src/common/observability/logger.js')).href;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program(logger)], {
      stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    });
    try {
      child.stdout?.pause();
      await once(child, 'message');
      child.stdout?.destroy();
      const ended = once(child, 'exit');
      child.send('go on');
      expect(await ended).toEqual([7, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
