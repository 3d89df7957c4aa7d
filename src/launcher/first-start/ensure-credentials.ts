import { access, rm } from 'node:fs/promises';
import { writeDurably } from '../state/durable-file.js';
import type { StateFolder } from '../state/state-folder.js';
import type { Bootstrap, BootstrapResult } from './bootstrap.js';
import { type Credentials, readCredentials, writeCredentials } from './credentials.js';

export interface EnsureCredentialsOptions {
  readonly state: StateFolder;
  readonly bootstrap: Bootstrap;
  /** Base URL of the api. */
  readonly url: string;
  /** Whether the database belongs to this state folder, so that nobody else can hold its credentials. */
  readonly ownDatabase: boolean;
  readonly resetAdminPassword: boolean;
}

/**
 * Sets up what the database lacks and keeps `credentials.json` in step with it. Passwords and keys are only known at
 * the moment they are made. Where a crash came between that moment and the file, they are made anew.
 * @returns undefined when the database was set up from another state folder: its credentials are not touched.
 */
export async function ensureCredentials(
  options: EnsureCredentialsOptions,
): Promise<{ credentials: Credentials | undefined; models: BootstrapResult['models'] }> {
  const { state, bootstrap, url, ownDatabase, resetAdminPassword } = options;
  const path = state.file('credentials.json');
  const unfinished = state.file('bootstrap-unfinished');
  const known = await readCredentials(path);
  const interrupted = await exists(unfinished);
  if (known === undefined && !interrupted) await writeDurably(unfinished, '');

  let result = await bootstrap({ resetAdminPassword });
  const isLost = result.password === null && known === undefined;
  if (isLost && (ownDatabase || interrupted)) result = await bootstrap({ resetAdminPassword: true });

  const credentials = merge(result, known, url);
  if (credentials !== undefined && JSON.stringify(credentials) !== JSON.stringify(known)) {
    await writeCredentials(path, credentials);
  }
  await rm(unfinished, { force: true });
  return { credentials, models: result.models };
}

/** What was made now is true; what was not made now is as it was written down. */
function merge(result: BootstrapResult, known: Credentials | undefined, url: string): Credentials | undefined {
  const password = result.password ?? known?.password;
  const apiKey = result.apiKey ?? known?.apiKey;
  if (password === undefined || apiKey === undefined) return undefined;
  return { url, email: result.email, password, apiKey };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
