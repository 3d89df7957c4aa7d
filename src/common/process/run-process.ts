import type { Logger } from 'pino';
import { loadSettings, type Settings, SettingsError } from '../config/settings.js';
import { createLogger } from '../observability/logger.js';

export interface RunningProcess {
  /** Finishes what is in flight and releases everything. */
  close(): Promise<void>;
}

/** Exit status for a configuration that is not valid: EX_CONFIG of sysexits.h. A supervisor need not try again. */
export const EXIT_CONFIGURATION = 78;

/** On top of the shutdown timeout, for closing connections, in milliseconds. */
const CLOSING_MARGIN_MS = 3_000;

/**
 * Runs one process of Nestor from its start to its end: settings, signals, and the end of whoever started it.
 * Under a parent with an IPC channel, Ctrl-C is the parent's to act on (the terminal sends it to both), and the
 * channel's end means that the parent is gone, so that no orphan stays.
 */
export async function runProcess(
  name: string,
  start: (settings: Settings, logger: Logger) => Promise<RunningProcess>,
): Promise<void> {
  const settings = settingsOrExit();
  const logger = createLogger(name, settings.NESTOR_LOG_LEVEL);
  let ending: Promise<never> | undefined;
  let running: RunningProcess | undefined;
  const end = (reason: string): void => {
    ending ??= close(reason, settings, logger, () => running);
  };
  process.on('SIGTERM', () => end('SIGTERM'));
  process.on('SIGINT', () => {
    if (process.send === undefined) end('SIGINT');
  });
  process.on('disconnect', () => end('the parent process is gone'));
  // It may have gone while the modules of this process were being loaded: then there is no event any more.
  if (process.send !== undefined && !process.connected) end('the parent process is gone');
  const fail = (err: unknown, origin: 'uncaughtException' | 'unhandledRejection'): void => {
    logger.fatal({ err, origin }, 'unexpected error; this process ends');
    process.exit(1);
  };
  process.on('uncaughtException', (err) => fail(err, 'uncaughtException'));
  process.on('unhandledRejection', (err) => fail(err, 'unhandledRejection'));
  try {
    running = await start(settings, logger);
    logger.info('ready');
  } catch (error) {
    if (error instanceof SettingsError) exitWith(error.message, EXIT_CONFIGURATION);
    logger.fatal({ err: error }, `${name} could not start`);
    exitWith(`${name} could not start: ${error instanceof Error ? error.message : String(error)}`, 1);
  }
}

async function close(
  reason: string,
  settings: Settings,
  logger: Logger,
  running: () => RunningProcess | undefined,
): Promise<never> {
  logger.info({ reason }, 'stopping');
  const limit = settings.NESTOR_SHUTDOWN_TIMEOUT_MS + CLOSING_MARGIN_MS;
  setTimeout(() => {
    logger.warn({ limit }, 'did not stop in time; ending');
    process.exit(1);
  }, limit).unref();
  try {
    await running()?.close();
    process.exit(0);
  } catch (err) {
    logger.error({ err }, 'stopping failed');
    process.exit(1);
  }
}

/** @returns the settings; a configuration that is not valid ends the process with a message. */
export function settingsOrExit(): Settings {
  try {
    return loadSettings(process.env);
  } catch (error) {
    if (error instanceof SettingsError) exitWith(error.message, EXIT_CONFIGURATION);
    throw error;
  }
}

/** Ends the process with a message to its user. */
export function exitWith(message: string, status: number): never {
  process.stderr.write(`${message}\n`);
  process.exit(status);
}
