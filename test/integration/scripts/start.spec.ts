import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/common/process/package-root.js';

// The scripts in a project of their own: one dependency, which is a folder, and a build that copies one file.

const MANIFEST = {
  name: 'tiny',
  version: '1.0.0',
  private: true,
  type: 'module',
  scripts: { start: 'node scripts/start.mjs', build: 'node build.mjs' },
  dependencies: { local: 'file:local' },
};

const LOCK = {
  name: 'tiny',
  version: '1.0.0',
  lockfileVersion: 3,
  packages: {
    '': MANIFEST,
    local: { version: '1.0.0' },
    'node_modules/local': { resolved: 'local', link: true },
  },
};

const BUILD = `
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
if (readFileSync('src/launcher.main.ts', 'utf8').includes('wrong')) { console.error('src/launcher.main.ts: wrong'); process.exit(2); }
mkdirSync('dist/src', { recursive: true });
mkdirSync('dist/migrations', { recursive: true });
cpSync('src/launcher.main.ts', 'dist/src/launcher.main.js');`;

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nestor-test-scripts-'));
  await cp(join(packageRoot, 'scripts'), join(root, 'scripts'), { recursive: true });
  for (const folder of ['src', 'migrations', 'local']) await mkdir(join(root, folder));
  const files = {
    'package.json': JSON.stringify(MANIFEST),
    'package-lock.json': JSON.stringify(LOCK),
    'local/package.json': '{"name":"local","version":"1.0.0"}',
    'tsconfig.json': '{}',
    'tsconfig.build.json': '{}',
    'ormconfig.ts': '',
    'build.mjs': BUILD,
    'src/launcher.main.ts': `console.log('launched', process.argv.slice(2).join());`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function start(...parameters: string[]): Promise<{ status: number; printed: string }> {
  try {
    const ran = await promisify(execFile)('npm', ['start', '--silent', '--', ...parameters], { cwd: root });
    return { status: 0, printed: ran.stdout + ran.stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, printed: stdout + stderr };
  }
}

describe('npm start', () => {
  it('installs and builds what is missing, says how long it took, and starts', async () => {
    const { status, printed } = await start('--flag');
    expect(printed).toMatch(/✓ Installing dependencies \([\d.]+ s\)\n[^]*✓ Building \([\d.]+ s\)\nlaunched --flag/);
    expect(status).toBe(0);
  });

  it('does neither again while nothing has changed', async () => {
    await start();
    const { printed } = await start();
    expect(printed).not.toMatch(/Installing|Building/);
    expect(printed).toContain('launched');
  });

  it('builds again when a source has changed, and takes away what has none', async () => {
    await start();
    await writeFile(join(root, 'dist', 'src', 'gone.js'), '');
    await writeFile(join(root, 'src', 'launcher.main.ts'), `console.log('launched anew');`);
    const { printed } = await start();
    expect(printed).toMatch(/✓ Building[^]*launched anew/);
    await expect(stat(join(root, 'dist', 'src', 'gone.js'))).rejects.toThrow(/ENOENT/);
  });

  it('installs again when a dependency that is asked for is not there', async () => {
    await start();
    await rm(join(root, 'node_modules'), { recursive: true });
    const { printed } = await start();
    expect(printed).toMatch(/✓ Installing dependencies/);
    expect((await stat(join(root, 'node_modules', 'local'))).isDirectory()).toBe(true);
  });

  it('shows what the compiler says when the build fails, and starts nothing', async () => {
    await writeFile(join(root, 'src', 'launcher.main.ts'), 'wrong');
    const { status, printed } = await start();
    expect(status).toBe(1);
    expect(printed).toMatch(/✗ Building[^]*src\/launcher\.main\.ts: wrong/);
    expect(printed).not.toMatch(/launched|\n\s+at /);
  });

  it('shows what npm says when the lock file and the manifest differ', async () => {
    await writeFile(join(root, 'package.json'), JSON.stringify({ ...MANIFEST, dependencies: { zod: '4.6.7' } }));
    const { status, printed } = await start();
    expect(status).toBe(1);
    expect(printed).toMatch(/✗ Installing dependencies[^]*in sync/);
    expect(printed).not.toMatch(/\n\s+at /);
  });
});
