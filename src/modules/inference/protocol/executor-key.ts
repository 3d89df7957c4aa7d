import type { InstallationSecret } from '../../../common/crypto/installation-secret.js';
import type { SharedKey } from '../../../common/tls/shared-key.js';

/** What an executor on the network and its clients know. One that is stolen from an executor opens no other. */
export function executorKey(secret: InstallationSecret, executor: string): SharedKey {
  return { identity: executor, key: secret.deriveKey(`executor:${executor}`) };
}
