import { hkdfSync } from 'node:crypto';

const KEY_BYTES = 32;

/** The one secret of an installation. It is never used itself: each purpose has a key of its own, derived from it. */
export class InstallationSecret {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** @param purpose what the key is for, such as `access-token`. Other purposes get unrelated keys. */
  deriveKey(purpose: string): Buffer {
    return deriveKey(this.#secret, purpose);
  }
}

/** HKDF-SHA-256 (RFC 5869) with the purpose as its info. @returns 32 bytes. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `nestor:${purpose}`, KEY_BYTES));
}
