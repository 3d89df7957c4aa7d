import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadSettings, type Settings, SettingsError } from '../common/config/settings.js';
import { EXIT_CONFIGURATION } from '../common/process/run-process.js';
import { Launcher } from './launcher.js';
import { watchNpm } from './npm-parent.js';
import { StartError } from './start-error.js';
import { Terminal } from './terminal/terminal.js';

/** npm hands a Ctrl-C on that the terminal has sent to us already: a second one within this time is the same, in ms. */
const SAME_CTRL_C_MS = 700;

/** Gives the administrator a new password and a further API key. */
const RESET_ADMIN_PASSWORD = '--reset-admin-password';
const USAGE = `Settings are environment variables (docs/configuration.md); the only argument is ${RESET_ADMIN_PASSWORD}.`;
/** Exit status for arguments that are not known: EX_USAGE of sysexits.h. */
const EXIT_USAGE = 64;

/**
 * Runs Nestor in the foreground until a signal ends it.
 * @param scripts folder of the compiled entry files.
 * @returns the exit status.
 */
export async function launch(
  environment: Readonly<Record<string, string | undefined>>,
  commandLine: readonly string[],
  scripts = dirname(dirname(fileURLToPath(import.meta.url))),
): Promise<number> {
  // State is for nobody else to read, whatever the umask of the shell; the processes inherit this.
  process.umask(0o077);
  // A terminal that was closed, or a pipe that nobody reads any more, must not end what serves.
  process.stdout.on('error', () => undefined);
  const terminal = new Terminal(process.stdout, process.stdout.isTTY);
  const settings = settingsOr((message) => terminal.line(message), environment);
  if (settings === undefined) return EXIT_CONFIGURATION;
  const unknown = commandLine.filter((argument) => argument !== RESET_ADMIN_PASSWORD);
  if (unknown.length > 0) {
    terminal.line(`npm start does not know ${unknown.join(' ')}. ${USAGE}`);
    return EXIT_USAGE;
  }
  const launcher = new Launcher({
    settings: { ...settings, NESTOR_HOME: resolve(settings.NESTOR_HOME) },
    environment,
    scripts,
    terminal,
    resetAdminPassword: commandLine.includes(RESET_ADMIN_PASSWORD),
  });
  const asked = stopAsked(environment, terminal, launcher);
  try {
    await Promise.race([launcher.start(), asked]);
    await asked;
    await terminal.step('Stopped', () => launcher.stop());
    return 0;
  } catch (error) {
    await launcher.stop();
    if (error instanceof SettingsError) {
      terminal.line(`\n${error.message}`);
      return EXIT_CONFIGURATION;
    }
    if (!(error instanceof StartError)) throw error;
    terminal.line(`\nNestor cannot start.\n${error.message}`);
    return 1;
  }
}

/** Resolves when somebody wants Nestor to stop; from then on a further Ctrl-C ends everything at once. */
async function stopAsked(
  environment: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
  launcher: Launcher,
): Promise<void> {
  await new Promise<void>((resolveAsked) => {
    let askedAt: number | undefined;
    const ask = (reason: string) => {
      askedAt = Date.now();
      terminal.line(`\n${reason}: finishing what is in flight. Ctrl-C again ends it at once.`);
      resolveAsked();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (askedAt === undefined) {
          ask(`Stopping (${signal})`);
        } else if (Date.now() - askedAt > SAME_CTRL_C_MS) {
          terminal.line('Ending at once.');
          launcher.kill();
        }
      });
    }
    watchNpm(environment, () => {
      if (askedAt === undefined) ask('Stopping (npm is gone)');
    });
  });
}

function settingsOr(
  tell: (message: string) => void,
  environment: Readonly<Record<string, string | undefined>>,
): Settings | undefined {
  try {
    return loadSettings(environment);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    tell(error.message);
    return undefined;
  }
}
