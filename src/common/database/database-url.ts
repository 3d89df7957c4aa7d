import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Settings, SettingsError } from '../config/settings.js';

/** What `npm start` writes down of the embedded database it runs. */
const embeddedDatabase = z.object({ url: z.string() });

/** The file, mode 0600, in which `npm start` leaves the URL of the embedded database of a state folder. */
export function databaseFile(home: string): string {
  return join(home, 'database.json');
}

/** @returns the URL of the embedded database as of its last start, password included; undefined when there was none. */
export async function embeddedDatabaseUrl(home: string): Promise<string | undefined> {
  try {
    return embeddedDatabase.safeParse(JSON.parse(await readFile(databaseFile(home), 'utf8'))).data?.url;
  } catch {
    return undefined;
  }
}

/**
 * The database that a command beside the running Nestor works on: `DATABASE_URL`, else the embedded one.
 * @throws {SettingsError} when neither is known.
 */
export async function databaseUrlFor(settings: Pick<Settings, 'DATABASE_URL' | 'NESTOR_HOME'>): Promise<string> {
  const url = settings.DATABASE_URL ?? (await embeddedDatabaseUrl(settings.NESTOR_HOME));
  if (url !== undefined) return url;
  throw new SettingsError([
    `DATABASE_URL: is not set, and ${settings.NESTOR_HOME} knows of no embedded database; \`npm start\` makes one`,
  ]);
}
