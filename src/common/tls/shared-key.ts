import { constants } from 'node:crypto';
import type { ConnectionOptions, TlsOptions } from 'node:tls';

/** A name, and the key that whoever speaks under it has to know. Both ends have the same. */
export interface SharedKey {
  readonly identity: string;
  readonly key: Buffer;
}

/**
 * TLS in which a shared key proves each end to the other (RFC 4279, RFC 5489). With TLS 1.2 and this one suite a peer
 * cannot even offer a certificate instead; the ephemeral key exchange keeps what was recorded safe from a key that is
 * stolen later. No tickets: every connection proves the key anew.
 */
const protocol = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const;

/** How long a client may take to prove its key, in milliseconds; the server's thread may be busy meanwhile. */
const HANDSHAKE_TIMEOUT_MS = 30_000;

/** For a TLS or HTTPS server that hears nobody who does not know the key. */
export function serverOptions({ identity, key }: SharedKey, handshakeTimeout = HANDSHAKE_TIMEOUT_MS): TlsOptions {
  return { ...protocol, handshakeTimeout, pskCallback: (_socket, name) => (name === identity ? key : null) };
}

/** For a connection to a server that is believed only where it knows the key. */
export function clientOptions({ identity, key }: SharedKey): ConnectionOptions {
  // There is no certificate to compare with the name of the host: the key is the proof.
  return { ...protocol, checkServerIdentity: () => undefined, pskCallback: () => ({ psk: key, identity }) };
}
