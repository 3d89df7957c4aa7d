import type { Settings, SettingName } from '../../common/config/settings.js';
import { freePort, portProblem } from '../network/free-port.js';

/** Settings that name ports of Nestor's own servers. */
const PORT_SETTINGS = ['PORT', 'MANAGEMENT_PORT', 'WORKER_MANAGEMENT_PORT'] as const satisfies SettingName[];
type Ports = Pick<Settings, (typeof PORT_SETTINGS)[number]>;

/** Puts a free port in the place of each 0, so that the launcher knows where its processes listen. */
export async function choosePorts<T extends Ports & Pick<Settings, 'HOST'>>(settings: T): Promise<T> {
  const chosen: Partial<Record<keyof Ports, number>> = {};
  for (const name of PORT_SETTINGS) if (settings[name] === 0) chosen[name] = await freePort(settings.HOST);
  return { ...settings, ...chosen };
}

/** @returns what stands in the way of Nestor's servers, one line for each setting to change. */
export async function portProblems(settings: Ports & Pick<Settings, 'HOST'>): Promise<string[]> {
  const problems: string[] = [];
  for (const [index, name] of PORT_SETTINGS.entries()) {
    const port = settings[name];
    const twin = PORT_SETTINGS.slice(0, index).find((other) => settings[other] === port);
    if (twin !== undefined) {
      problems.push(`${name}: ${port} is also ${twin}; each needs a port of its own`);
      continue;
    }
    const code = await portProblem(port, settings.HOST);
    if (code !== undefined) problems.push(`${name}: ${explain(code, settings.HOST, port, name)}`);
  }
  return [...new Set(problems)];
}

function explain(code: string, host: string, port: number, name: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is taken by another program. Stop that one, or choose another port: ${name}=${port + 1} npm start`;
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
