import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Programs in the place of api, worker and bootstrap, for tests of who starts and stops them: as small as can be, with
 * the same duties (ready on the management port, end on SIGTERM and when the launcher is gone).
 */
export interface Programs {
  /** Folder of the programs. */
  readonly folder: string;
  /** File to which each writes a line when it ends in order. */
  readonly ends: string;
}

const server = (name: string, port: string, ends: string) => `
import { createServer } from 'node:http';
import { appendFileSync } from 'node:fs';
const end = (why) => { appendFileSync(${JSON.stringify(ends)}, ${JSON.stringify(name)} + ' ' + why + '\\n'); process.exit(0); };
process.on('SIGTERM', () => end('SIGTERM'));
process.on('SIGINT', () => {});
process.on('disconnect', () => end('disconnect'));
if (!process.connected) end('disconnect');
console.log(JSON.stringify({ level: 'info', msg: 'up', home: process.env.NESTOR_HOME, database: process.env.DATABASE_URL }));
createServer((_, response) => response.end('ok')).listen(Number(process.env.${port}), '127.0.0.1');
`;

/** @param name of the program, such as `main.js`, that is to be replaced by another text. */
export async function makePrograms(replace: Readonly<Record<string, string>> = {}): Promise<Programs> {
  const folder = await mkdtemp(join(tmpdir(), 'nestor-test-programs-'));
  const ends = join(folder, 'ends.txt');
  const made = { workspace: 'default', email: 'admin@nestor.local', password: null, apiKey: null, models: [] };
  const texts: Record<string, string> = {
    'package.json': '{"type":"module"}',
    'ends.txt': '',
    'main.js': server('api', 'MANAGEMENT_PORT', ends),
    'worker.main.js': server('worker', 'WORKER_MANAGEMENT_PORT', ends),
    // As the real one: secrets only at the moment they are made.
    'bootstrap.main.js': `
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
const done = join(process.env.NESTOR_HOME, 'set-up');
const isNew = !existsSync(done) || process.argv.includes('--reset-admin-password');
writeFileSync(done, '');
const secrets = isNew ? { password: 'password-' + Date.now(), apiKey: 'nst_' + Date.now() } : {};
console.log('a line of log');
console.log(JSON.stringify({ ...${JSON.stringify(made)}, ...secrets, models: [{ name: 'iris', version: 1 }] }));`,
    ...replace,
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text);
  return { folder, ends };
}
