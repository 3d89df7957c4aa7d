import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CodedError } from '../errors/coded-error.js';
import { InstallationSecret } from './installation-secret.js';

/** The cell that holds an encrypted value. A value that was moved to another cell does not decrypt. */
export interface FieldPlace {
  readonly table: string;
  /** Its primary key. */
  readonly row: string;
  readonly column: string;
}

const ALGORITHM = 'aes-256-gcm';
/** As NIST SP 800-38D recommends; random ones are safe for 2^32 values under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORMAT = 'v1';

/**
 * Encrypts single values of the database: AES-256-GCM with a random nonce, the place of the value as additional data, and
 * the id of the key in front, so that a value of another installation is told from one that was tampered with, and one
 * of an earlier secret is read by its key.
 */
export class FieldEncryption {
  readonly #key: Buffer;
  readonly #keyId: string;
  /** Of this secret and of those of before, by their ids. */
  readonly #keys: ReadonlyMap<string, Buffer>;

  /** @param previous secrets of before, which only decrypt. */
  constructor(secret: InstallationSecret, previous: readonly InstallationSecret[] = []) {
    this.#key = keyOf(secret);
    this.#keyId = keyIdOf(secret);
    this.#keys = new Map([...previous, secret].map((one) => [keyIdOf(one), keyOf(one)]));
  }

  /** How all values begin that are encrypted now. */
  get currentPrefix(): string {
    return `${FORMAT}.${this.#keyId}.`;
  }

  /** @returns `v1.<key id>.<nonce, ciphertext and tag as base64url>`. */
  encrypt(text: string, place: FieldPlace): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(place));
    const bytes = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${this.currentPrefix}${bytes.toString('base64url')}`;
  }

  /** @throws {CodedError} SECRET_UNREADABLE where it was encrypted under another key or for another place, or altered. */
  decrypt(encrypted: string, place: FieldPlace): string {
    const [format, keyId = '', payload = ''] = encrypted.split('.');
    if (format !== FORMAT) throw unreadable(place, 'it is in no form that is known');
    const key = this.#keys.get(keyId);
    if (key === undefined) throw unreadable(place, 'it was stored under another NESTOR_SECRET');
    const bytes = Buffer.from(payload, 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw unreadable(place, 'it is cut off');
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(additionalData(place));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch (error) {
      throw unreadable(place, 'it was altered or moved', error);
    }
  }
}

const keyOf = (secret: InstallationSecret): Buffer => secret.deriveKey('field-encryption');

const keyIdOf = (secret: InstallationSecret): string =>
  secret.deriveKey('field-encryption-key-id').toString('hex', 0, 4);

const additionalData = ({ table, row, column }: FieldPlace): Buffer =>
  Buffer.from(JSON.stringify([table, row, column]));

const unreadable = ({ table, column }: FieldPlace, why: string, cause?: unknown): CodedError =>
  new CodedError('SECRET_UNREADABLE', `A secret in ${table}.${column} cannot be decrypted: ${why}. Set it anew.`, {
    cause,
  });
