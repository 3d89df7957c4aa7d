// `npm start`: from a fresh clone to a running Nestor. Plain JavaScript on Node's builtins alone, because nothing is
// installed or built yet when it runs: installs the pinned dependencies, builds, and hands over to the launcher.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampPath = join(root, 'dist', '.build-stamp');

/** Oldest Node that the dependencies run on, as in package.json's "engines". */
const OLDEST_NODE = [20, 19];

/** What the build reads. */
const BUILD_INPUTS = ['src', 'migrations', 'ormconfig.ts', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** A start that cannot go on, in words for the person at the terminal. */
class Stop extends Error {}

await main().catch((error) => {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`\nNestor cannot start.\n${error.message}\n`);
  process.exit(1);
});

async function main() {
  checkNode();
  process.stdout.write('Nestor\n');
  if (!isInstalled()) await step('Dependencies installed', 'Installing the dependencies', install);
  const inputs = hashOfInputs();
  if (!isBuilt(inputs)) await step('Built', 'Building', () => build(inputs));
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(join(root, 'dist', 'src', 'launcher.main.js')).href);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new Stop(
    `Nestor needs Node ${OLDEST_NODE.join('.')} or later, and this is ${process.versions.node}. ` +
      'Get a newer one from https://nodejs.org, or with a version manager such as nvm, and run npm start again.',
  );
}

/** Whether node_modules holds what package-lock.json asks for. npm writes its own copy of the lock as its last act. */
function isInstalled() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const found = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || found === undefined) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional, peer }]) => {
    if (path === '') return true;
    const installed = found[path];
    // Optional ones are there for some platforms only.
    if (installed === undefined) return optional === true || peer === true;
    return installed.version === version && installed.integrity === integrity && existsSync(join(root, path));
  });
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

async function install() {
  await run(
    npmCommand(['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']),
    // ONNX Runtime's install script would download CUDA libraries; the CPU ones are inside the package.
    { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    'The dependencies could not be installed. npm said:',
  );
}

function isBuilt(inputs) {
  if (!existsSync(join(root, 'dist', 'src', 'launcher.main.js'))) return false;
  return existsSync(stampPath) && readFileSync(stampPath, 'utf8') === inputs;
}

async function build(inputs) {
  writeOrExplain(() => {
    mkdirSync(join(root, 'dist'), { recursive: true });
    rmSync(stampPath, { force: true });
    // The compiler trusts this file even where what it describes is gone.
    if (!existsSync(join(root, 'dist', 'src', 'launcher.main.js'))) {
      rmSync(join(root, 'dist', '.tsbuildinfo'), { force: true });
    }
  });
  await run(npmCommand(['run', '--silent', 'build']), process.env, 'The build failed:');
  writeOrExplain(() => {
    for (const folder of ['src', 'migrations']) removeOrphans(folder);
    writeFileSync(stampPath, inputs);
  });
}

/** Removes compiled files whose source is gone. */
function removeOrphans(folder) {
  for (const path of filesBelow(join(root, 'dist', folder))) {
    if (!/\.js(\.map)?$/.test(path)) continue;
    const source = join(root, relative(join(root, 'dist'), path)).replace(/\.js(\.map)?$/, '.ts');
    if (!existsSync(source)) rmSync(path);
  }
}

function hashOfInputs() {
  const hash = createHash('sha256');
  for (const input of BUILD_INPUTS) {
    const path = join(root, input);
    const files = /\.[a-z]+$/.test(input) ? [path] : filesBelow(path);
    for (const file of files) {
      if (file.endsWith('.spec.ts')) continue;
      hash
        .update(`${relative(root, file)}\0`)
        .update(readFileSync(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
}

/** npm as this very npm where we were started by it, else the one on the path. */
function npmCommand(args) {
  const own = process.env.npm_execpath;
  if (own !== undefined && /\.[cm]?js$/.test(own)) return { program: process.execPath, args: [own, ...args] };
  return { program: 'npm', args };
}

/** Runs a program quietly; what it printed is shown only when it fails. */
async function run({ program, args }, environment, failure) {
  let printed = '';
  const child = spawn(program, args, {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && program === 'npm',
  });
  const collect = (chunk) => {
    printed += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const forward = (signal) => child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  const [status, signal] = await new Promise((resolve) => {
    child.once('error', (error) => {
      printed += `${program}: ${error.message}\n`;
      resolve([1, null]);
    });
    child.once('close', (...how) => resolve(how));
  });
  process.off('SIGINT', forward).off('SIGTERM', forward);
  if (signal === 'SIGINT' || signal === 'SIGTERM' || status === 130 || status === 143) process.exit(130);
  if (status === 0) return;
  throw new Stop(`${failure}\n${printed.trimEnd()}\n${hintFor(printed)}`.trimEnd());
}

function hintFor(printed) {
  if (/ENOSPC/.test(printed)) return 'The disk is full: free some space and run npm start again.';
  if (/EACCES|EPERM|EROFS/.test(printed)) {
    return `This user may not write in ${root}. Run npm start as the user who owns it, or have them run \`npm ci && npm run build\` once.`;
  }
  if (/ENOTFOUND|ETIMEDOUT|ECONNREFUSED|EAI_AGAIN|ECONNRESET/.test(printed)) {
    return 'The npm registry could not be reached: check the network, a proxy (npm config set proxy …) or the registry setting.';
  }
  return '';
}

function writeOrExplain(work) {
  try {
    work();
  } catch (error) {
    throw new Stop(`dist/ could not be written: ${error.message}\n${hintFor(String(error.code))}`);
  }
}

/** Does one step and prints it with how long it took. */
async function step(done, doing, work) {
  const startedAt = performance.now();
  const interactive = process.stdout.isTTY;
  process.stdout.write(interactive ? `  … ${doing}` : `  … ${doing}\n`);
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    if (interactive) process.stdout.write(`\r  … ${doing}, ${seconds} s`);
    else if (seconds % 15 === 0) process.stdout.write(`  … ${doing}, ${seconds} s\n`);
  }, 1000);
  try {
    await work();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    process.stdout.write(`${interactive ? '\r\u001B[K' : ''}  ✓ ${done}  ${seconds} s\n`);
  } catch (error) {
    process.stdout.write(interactive ? '\n' : '');
    throw error;
  } finally {
    clearInterval(timer);
  }
}
