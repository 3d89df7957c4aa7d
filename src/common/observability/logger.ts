import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

/** Injection token of the process's pino logger. */
export const LOGGER = Symbol('LOGGER');

/**
 * Standard output, until whoever read it is gone; from then on lines go nowhere. pino by itself knows of EPIPE only: a
 * reader that was killed with lines unread gives ECONNRESET, which would end in pino trying to write its last words for
 * ever, with the process blocked.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ fd: process.stdout.fd, sync: true });
  output.on('error', () => Object.assign(output, { write: () => true, flushSync: () => undefined }));
  return output;
}

/** JSON lines on standard output; never a payload, a password or a key. */
export function createLogger(processName: string, level: string): Logger {
  const options: LoggerOptions = {
    level,
    base: { process: processName, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: [
      'req.headers.authorization',
      'req.headers["x-api-key"]',
      'req.headers.cookie',
      'password',
      'apiKey',
      'token',
    ],
    serializers: { err: pino.stdSerializers.err },
  };
  return pino(options, standardOutput());
}

/** Lets Nest's own messages go through pino. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    const err = message instanceof Error ? message : undefined;
    this.logger.error({ err, context, stack: rest.length > 1 ? rest[0] : undefined }, err?.message ?? String(message));
  }

  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, String(message));
  }

  debug(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }

  verbose(message: unknown, context?: string): void {
    this.logger.trace({ context }, String(message));
  }

  fatal(message: unknown, context?: string): void {
    this.logger.fatal({ context }, String(message));
  }
}
