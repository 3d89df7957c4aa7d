import { setTimeout as sleep } from 'node:timers/promises';
import { type Settings, SettingsError, type SettingName } from '../../common/config/settings.js';
import { freePort, portProblem } from '../network/free-port.js';

/** Settings that name ports of Nestor's own servers. */
const PORT_SETTINGS = ['PORT', 'MANAGEMENT_PORT', 'WORKER_MANAGEMENT_PORT'] as const satisfies SettingName[];

/** Where the servers of an installation listen. */
export type Ports = Readonly<Record<(typeof PORT_SETTINGS)[number], number>>;

/** How long a port may take to become free, in milliseconds: the system may still be clearing away its last user. */
const PATIENCE_MS = 1_000;

/**
 * Makes sure that every server will get its port. A port of 0 means any: one that is free is chosen here, so that the
 * launcher knows where its processes listen.
 * @throws {SettingsError} naming each setting that has to be changed.
 */
export async function claimPorts(settings: Ports & Pick<Settings, 'HOST'>): Promise<Ports> {
  const claimed: Record<keyof Ports, number> = { PORT: 0, MANAGEMENT_PORT: 0, WORKER_MANAGEMENT_PORT: 0 };
  const problems: string[] = [];
  for (const [index, name] of PORT_SETTINGS.entries()) {
    const port = settings[name];
    const twin = PORT_SETTINGS.slice(0, index).find((other) => port !== 0 && settings[other] === port);
    const problem =
      twin === undefined
        ? await problemWith(name, port, settings.HOST)
        : `${port} is also ${twin}; each needs a port of its own`;
    if (problem === undefined) claimed[name] = port === 0 ? await freePort(settings.HOST) : port;
    else problems.push(`${name}: ${problem}`);
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return claimed;
}

async function problemWith(name: string, port: number, host: string): Promise<string | undefined> {
  const deadline = Date.now() + PATIENCE_MS;
  let code = await portProblem(port, host);
  while (code === 'EADDRINUSE' && Date.now() < deadline) {
    await sleep(100);
    code = await portProblem(port, host);
  }
  switch (code) {
    case undefined:
      return undefined;
    case 'EADDRINUSE':
      return (
        `port ${port} on ${host} is taken by another program. ` +
        `Stop that one, or choose another port: ${name}=${port + 1} npm start`
      );
    case 'EACCES':
      return `this user may not listen on port ${port}. Choose one above 1023, such as ${name}=${port + 8000}`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EINVAL':
      return `this machine has no address HOST=${host}. Use 127.0.0.1, or 0.0.0.0 for all of its addresses`;
    default:
      return `port ${port} on ${host} cannot be listened on (${code})`;
  }
}
