import type { InstallationSecret } from '../crypto/installation-secret.js';
import type { SharedKey } from '../tls/shared-key.js';

/** What the server of the artifact store and its clients on other machines know. */
export const artifactKey = (secret: InstallationSecret): SharedKey => ({
  identity: 'artifacts',
  key: secret.deriveKey('artifact-store'),
});
