import { join } from 'node:path';
import { DatabaseNewerError, migrate } from '../common/database/migrate.js';
import type { Settings } from '../common/config/settings.js';
import { READINESS_PATH } from '../common/observability/health.js';
import { bootstrap, type BootstrapResult } from './first-start/bootstrap.js';
import { CredentialsFile } from './first-start/credentials-file.js';
import { requireFreeDisk } from './preflight/disk.js';
import type { Ports } from './preflight/ports.js';
import { preflight } from './preflight/preflight.js';
import { messageOf, StartError } from './start-error.js';
import { ProcessRegister } from './state/process-register.js';
import { StateFolder } from './state/state-folder.js';
import { LogFile } from './supervisor/log-file.js';
import { SupervisedPostgres } from './supervisor/supervised-postgres.js';
import { type ProcessPlan, SupervisedProcess } from './supervisor/supervised-process.js';
import { httpUrl, publicUrl } from './terminal/addresses.rules.js';
import { bannerLines } from './terminal/banner.rules.js';
import type { Terminal } from './terminal/terminal.js';

/** On top of the shutdown timeout that the processes keep themselves to, in milliseconds. */
const STOPPING_MARGIN_MS = 4_000;

export interface LauncherOptions {
  readonly settings: Settings;
  /** Handed on to the processes, with what the launcher decided. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder of the compiled entry files. */
  readonly scripts: string;
  readonly terminal: Terminal;
  readonly resetAdminPassword: boolean;
}

/** How long processes of an earlier launcher may take to end by themselves, in milliseconds. */
const LEFTOVER_PATIENCE_MS = 5_000;

type Stop = () => Promise<void>;

/** Starts all of Nestor on this machine, keeps it running, and stops it in order. */
export class Launcher {
  private readonly stopping = new AbortController();
  /** How to undo what was started, in the order of starting. */
  private readonly started: Stop[] = [];
  private readonly processes: SupervisedProcess[] = [];
  private starting: Promise<void> = Promise.resolve();
  private ready = false;

  constructor(private readonly options: LauncherOptions) {}

  /** Resolves when Nestor serves, or `stop` was called. @throws {StartError} when it cannot start. */
  async start(): Promise<void> {
    this.starting = this.takeSteps().catch((error: unknown) => {
      // What breaks off because it is being stopped is no failure.
      if (!this.stopping.signal.aborted) throw error;
    });
    await this.starting;
  }

  /** Stops what was started, last first. */
  async stop(): Promise<void> {
    this.stopping.abort();
    if (!this.ready) await Promise.allSettled(this.processes.map((process) => process.stop(this.patienceMs)));
    await this.starting.catch(() => undefined);
    for (const undo of this.started.splice(0).toReversed()) await undo();
  }

  /** Ends the processes at once. The database is left to its own, orderly end. */
  kill(): void {
    this.stopping.abort();
    for (const process of this.processes) process.kill();
  }

  private get patienceMs(): number {
    return this.options.settings.NESTOR_SHUTDOWN_TIMEOUT_MS + STOPPING_MARGIN_MS;
  }

  private async takeSteps(): Promise<void> {
    const { settings, terminal } = this.options;
    const state = await this.openState();
    const register = await ProcessRegister.open(state.path);
    await register.endLeftovers(LEFTOVER_PATIENCE_MS);
    const credentials = await CredentialsFile.open(state.path, settings.DATABASE_URL === undefined);
    const ports = await this.step(checksLabel(settings), () => preflight(settings));
    const databaseUrl = await this.startDatabase(state);
    await this.step(
      'Database schema',
      () => applyMigrations(databaseUrl),
      ({ applied }) => (applied.length === 0 ? 'up to date' : `${applied.length} migrations applied`),
    );
    const environment = this.environmentOf(state, ports, databaseUrl);
    const result = await this.step(
      'Workspace, administrator and example models',
      () => this.setUp(state, register, credentials, environment),
      ({ models }) => models.map(({ name }) => name).join(', '),
    );
    await this.startProcesses(state, register, ports, environment);
    const url = publicUrl({ ...settings, PORT: ports.PORT });
    const known = await credentials.settle(url);
    const managementUrl = httpUrl(settings.HOST, ports.MANAGEMENT_PORT, '');
    const facts = {
      url,
      managementUrl,
      email: result.email,
      known,
      credentialsPath: credentials.path,
      home: state.path,
    };
    terminal.line(bannerLines({ ...facts, explorer: settings.NESTOR_EXPLORER }).join('\n'));
    this.ready = true;
  }

  private async openState(): Promise<StateFolder> {
    const { settings } = this.options;
    return this.step(`State folder ${settings.NESTOR_HOME}`, async () => {
      const state = await StateFolder.open(settings.NESTOR_HOME);
      this.started.push(() => state.close());
      await requireFreeDisk(state.path);
      return state;
    });
  }

  private async startDatabase(state: StateFolder): Promise<string> {
    const { settings, terminal } = this.options;
    if (settings.DATABASE_URL !== undefined) return settings.DATABASE_URL;
    const postgres = await this.step(
      'Embedded PostgreSQL',
      () => SupervisedPostgres.start(state, (line) => terminal.line(`  ! ${line}`), this.stopping.signal),
      ({ created }) => (created ? 'made and started' : 'started'),
    );
    this.started.push(() => postgres.stop(this.patienceMs));
    return postgres.url;
  }

  /** A first start that was cut off after the password was made, but before anybody saw it, makes another one. */
  private async setUp(
    state: StateFolder,
    register: ProcessRegister,
    credentials: CredentialsFile,
    environment: ProcessEnvironment,
  ): Promise<BootstrapResult> {
    const log = new LogFile(state.file('logs', 'bootstrap.log'));
    try {
      const script = join(this.options.scripts, 'bootstrap.main.js');
      const shared = { script, environment, log, register, until: this.stopping.signal };
      const result = await bootstrap({ ...shared, resetAdminPassword: this.options.resetAdminPassword });
      const lost = result.password === null && credentials.neverShown;
      const final = lost ? await bootstrap({ ...shared, resetAdminPassword: true }) : result;
      await credentials.keep(final);
      return final;
    } finally {
      log.close();
    }
  }

  private async startProcesses(
    state: StateFolder,
    register: ProcessRegister,
    ports: Ports,
    environment: ProcessEnvironment,
  ): Promise<void> {
    const { HOST } = this.options.settings;
    const start = (plan: Pick<ProcessPlan, 'name' | 'script' | 'readyUrl'>) =>
      this.superviseNode(state, { ...plan, environment, register });
    const probe = READINESS_PATH;
    // Started together; stopped in the opposite order: the api first, so that nothing new comes in.
    await Promise.all([
      start({ name: 'worker', script: 'worker.main.js', readyUrl: httpUrl(HOST, ports.WORKER_MANAGEMENT_PORT, probe) }),
      start({ name: 'api', script: 'main.js', readyUrl: httpUrl(HOST, ports.MANAGEMENT_PORT, probe) }),
    ]);
  }

  private async superviseNode(state: StateFolder, plan: Omit<ProcessPlan, 'log' | 'tell'>): Promise<void> {
    const log = new LogFile(state.file('logs', `${plan.name}.log`));
    const script = join(this.options.scripts, plan.script);
    const tell = (line: string) => this.options.terminal.line(`  ! ${line}`);
    const process = new SupervisedProcess({ ...plan, script, log, tell });
    this.processes.push(process);
    this.started.push(async () => {
      await process.stop(this.patienceMs);
      log.close();
    });
    await this.step(`The ${plan.name}`, () => process.start());
  }

  private environmentOf(state: StateFolder, ports: Ports, databaseUrl: string): ProcessEnvironment {
    const inherited = Object.entries(this.options.environment).filter(([name]) => !name.startsWith('npm_'));
    const decided = Object.entries(ports).map(([name, port]) => [name, String(port)]);
    return { ...Object.fromEntries([...inherited, ...decided]), NESTOR_HOME: state.path, DATABASE_URL: databaseUrl };
  }

  private async step<Result>(
    label: string,
    work: () => Promise<Result>,
    detail?: (result: Result) => string,
  ): Promise<Result> {
    this.stopping.signal.throwIfAborted();
    return this.options.terminal.step(label, work, detail);
  }
}

type ProcessEnvironment = Readonly<Record<string, string | undefined>>;

function checksLabel({ DATABASE_URL, REDIS_URL }: Settings): string {
  const servers = [DATABASE_URL === undefined ? [] : ['PostgreSQL'], REDIS_URL === undefined ? [] : ['Redis']].flat();
  return ['Ports', ...servers].join(', ');
}

async function applyMigrations(databaseUrl: string): Promise<{ applied: string[] }> {
  try {
    return await migrate(databaseUrl);
  } catch (error) {
    if (error instanceof DatabaseNewerError) throw new StartError(error.message, { cause: error });
    throw new StartError(`The database schema could not be brought up to date: ${messageOf(error)}`, { cause: error });
  }
}
