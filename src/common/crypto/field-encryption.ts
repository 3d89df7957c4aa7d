import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
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
 * the id of the key in front, so that a value of another installation is told from one that was tampered with.
 */
@Injectable()
export class FieldEncryption {
  readonly #key: Buffer;
  readonly #keyId: string;

  constructor(secret: InstallationSecret) {
    this.#key = secret.deriveKey('field-encryption');
    this.#keyId = secret.deriveKey('field-encryption-key-id').toString('hex', 0, 4);
  }

  /** @returns `v1.<key id>.<nonce, ciphertext and tag as base64url>`. */
  encrypt(text: string, place: FieldPlace): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(place));
    const bytes = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return [FORMAT, this.#keyId, bytes.toString('base64url')].join('.');
  }

  /** @throws {CodedError} SECRET_UNREADABLE where it was encrypted under another key or for another place, or altered. */
  decrypt(encrypted: string, place: FieldPlace): string {
    const [format, keyId, payload = ''] = encrypted.split('.');
    if (format !== FORMAT) throw unreadable(place, 'it is in no form that is known');
    if (keyId !== this.#keyId) throw unreadable(place, 'it was stored under another NESTOR_SECRET');
    const bytes = Buffer.from(payload, 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw unreadable(place, 'it is cut off');
    const decipher = createDecipheriv(ALGORITHM, this.#key, bytes.subarray(0, NONCE_BYTES), {
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

const additionalData = ({ table, row, column }: FieldPlace): Buffer =>
  Buffer.from(JSON.stringify([table, row, column]));

const unreadable = ({ table, column }: FieldPlace, why: string, cause?: unknown): CodedError =>
  new CodedError('SECRET_UNREADABLE', `A secret in ${table}.${column} cannot be decrypted: ${why}. Set it anew.`, {
    cause,
  });
