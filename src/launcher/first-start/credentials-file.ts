import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StartError, systemErrorCode } from '../start-error.js';
import { writeDurably } from '../state/durable-file.js';

const credentialsSchema = z.object({
  /** Base URL of the api, below which GraphQL is at `/graphql`; empty until it is known. */
  url: z.string(),
  email: z.string(),
  password: z.string(),
  apiKey: z.string(),
});

/** The first administrator's way in, as it was made. */
export type Credentials = z.infer<typeof credentialsSchema>;

/** What a set-up says of the administrator; secrets only when they were made just now. */
export interface MadeCredentials {
  readonly email: string;
  readonly password: string | null;
  readonly apiKey: string | null;
}

/**
 * `<NESTOR_HOME>/credentials.json`, mode 0600. Beside it `first-start-unfinished` stands from the beginning of a first
 * start until the credentials are on disk: as long as it does, nobody has seen the password that the database has.
 */
export class CredentialsFile {
  private constructor(
    readonly path: string,
    private readonly marker: string,
    private content: Credentials | undefined,
  ) {}

  /** @param ownDatabase whether the database is in this folder alone, so that its first start is ours too. */
  static async open(home: string, ownDatabase: boolean): Promise<CredentialsFile> {
    const path = join(home, 'credentials.json');
    const marker = join(home, 'first-start-unfinished');
    if (ownDatabase && !existsSync(join(home, 'postgres'))) await writeDurably(marker, '');
    return new CredentialsFile(path, marker, await read(path));
  }

  /** Whether the password that the database has, if any, was never shown to anybody. */
  get neverShown(): boolean {
    return this.content === undefined && existsSync(this.marker);
  }

  /** Writes what was made, at once. */
  async keep({ email, password, apiKey }: MadeCredentials): Promise<void> {
    if (password !== null && apiKey !== null) {
      await this.write({ url: this.content?.url ?? '', email, password, apiKey });
    }
    await rm(this.marker, { force: true });
  }

  /** Brings the address up to date. @returns what is known. */
  async settle(url: string): Promise<Credentials | undefined> {
    if (this.content !== undefined && this.content.url !== url) await this.write({ ...this.content, url });
    return this.content;
  }

  private async write(content: Credentials): Promise<void> {
    await writeDurably(this.path, `${JSON.stringify(content, null, 2)}\n`);
    this.content = content;
  }
}

async function read(path: string): Promise<Credentials | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return credentialsSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StartError(
      `${path} was changed and cannot be read any more. Restore it; or delete it and start again with a new password: ` +
        'npm start -- --reset-admin-password',
      { cause: error },
    );
  }
}
