import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/common/process/package-root.js';
import { freePort } from '../../src/launcher/network/free-port.js';
import type { Recipe } from '../peers/recipes.js';
import { keepRunning } from './kept-process.js';
import { benchModels } from './models.js';
import { type ComparedModel, modelInputs, openInferenceCall } from './requests.js';

const STARTS_WITHIN_MS = 60_000;

/** Another server that answers for one model. */
export interface Peer {
  readonly url: string;
  readonly body: string;
  readonly expects: string;
  /** What it answered first. */
  readonly answer: string;
}

/** That a server could not be installed or started, and why; the bench goes on without it. */
export class PeerUnavailable extends Error {}

const folderOf = ({ folder }: Recipe): string => join(packageRoot, 'bench/peers', folder);

/** Its name and version, as its requirements pin it. */
export async function titleOf(recipe: Recipe): Promise<string> {
  const requirements = await readFile(join(folderOf(recipe), 'requirements.txt'), 'utf8');
  const version = new RegExp(`^${recipe.folder}==(.+)$`, 'm').exec(requirements)?.[1];
  if (version === undefined) throw new Error(`The requirements of ${recipe.name} do not pin ${recipe.folder}.`);
  return `${recipe.name} ${version}`;
}

/** Makes the virtual environment of the server. @throws {PeerUnavailable} */
export async function installPeer(recipe: Recipe): Promise<void> {
  const script = join(packageRoot, 'scripts/python-environment.mjs');
  await promisify(execFile)(process.execPath, [script, folderOf(recipe)]).catch((error: { stderr: string }) => {
    throw new PeerUnavailable(reasonIn(error.stderr));
  });
}

/** Runs the server with the model as long as the work takes, in a folder of its own. @throws {PeerUnavailable} */
export async function withPeer<Result>(
  recipe: Recipe,
  model: ComparedModel,
  work: (peer: Peer) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'nestor-bench-peer-'));
  try {
    const programs = join(folderOf(recipe), '.venv/bin');
    await cp(folderOf(recipe), folder, { recursive: true, filter: (path) => basename(path) !== '.venv' });
    const modelFile = join(folder, 'model.onnx');
    await writeFile(modelFile, benchModels[model]());
    const port = await freePort();
    const [program, ...parameters] = recipe.command(port);
    const server = await keepRunning({
      command: [join(programs, program), ...parameters],
      cwd: folder,
      environment: {
        PATH: `${programs}:${process.env.PATH ?? ''}`,
        HOME: folder,
        TMPDIR: folder,
        MODEL_FILE: modelFile,
        ...recipe.environment(port, model),
      },
      folder,
    });
    try {
      const call = recipe.isOpenInference ? openInferenceCall(model) : namedCall(model);
      const peer = { url: `http://127.0.0.1:${port}${recipe.path(model)}`, ...call };
      return await work({ ...peer, answer: await firstAnswer(peer, server, `${recipe.name} did not start`) });
    } finally {
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The plain JSON of servers without a protocol for tensors: rows by the name of the input. */
function namedCall(model: ComparedModel): Pick<Peer, 'body' | 'expects'> {
  const rows = modelInputs[model].map(({ name, data }) => [name, [data]] as const);
  return { body: JSON.stringify(Object.fromEntries(rows)), expects: '[[' };
}

async function firstAnswer(
  { url, body, expects }: Omit<Peer, 'answer'>,
  server: { readonly output: string; readonly hasEnded: boolean },
  otherwise: string,
): Promise<string> {
  const deadline = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
      async (response) => (response.ok ? response.text() : undefined),
      () => undefined,
    );
    if (answer?.includes(expects) === true) return answer;
    if (server.hasEnded || Date.now() > deadline) {
      throw new PeerUnavailable(`${otherwise}: ${reasonIn(server.output)}`);
    }
    await sleep(50);
  }
}

/** The last line that names an error, else the last. */
function reasonIn(output: string): string {
  const lines = output.trim().split('\n');
  return lines.findLast((line) => /error:/i.test(line)) ?? lines.at(-1) ?? '';
}
