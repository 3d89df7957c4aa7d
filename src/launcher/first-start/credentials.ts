import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeDurably } from '../state/durable-file.js';

const credentialsSchema = z.object({
  /** Base URL of the api; GraphQL is at `/graphql` below it. */
  url: z.string(),
  email: z.string(),
  password: z.string(),
  apiKey: z.string(),
});

/** How the first administrator gets in: the content of `credentials.json`. */
export type Credentials = Readonly<z.infer<typeof credentialsSchema>>;

/** @returns undefined when the file is absent or is not what Nestor wrote. */
export async function readCredentials(path: string): Promise<Credentials | undefined> {
  try {
    return credentialsSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Writes the file for its owner alone. */
export async function writeCredentials(path: string, credentials: Credentials): Promise<void> {
  await writeDurably(path, `${JSON.stringify(credentials, null, 2)}\n`);
}
