import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { SETTINGS } from '../config/config.module.js';
import type { Settings } from '../config/settings.js';
import { InstallationSecret } from '../crypto/installation-secret.js';
import { parseEndpoint } from '../tls/endpoint.js';
import { artifactKey } from './artifact-key.js';
import { ArtifactStore } from './artifact-store.js';
import { FolderArtifactStore } from './folder-artifact-store.js';
import { RemoteArtifactStore } from './remote-artifact-store.js';

@Global()
@Module({
  providers: [
    {
      provide: ArtifactStore,
      inject: [SETTINGS, InstallationSecret],
      useFactory: openStore,
    },
  ],
  exports: [ArtifactStore],
})
export class StorageModule {}

async function openStore(settings: Settings, secret: InstallationSecret): Promise<ArtifactStore> {
  const { NESTOR_HOME: home, NESTOR_ARTIFACT_SERVER: server } = settings;
  const endpoint = server === undefined ? undefined : parseEndpoint(server);
  if (endpoint === undefined) return FolderArtifactStore.open(join(home, 'artifacts'));
  return new RemoteArtifactStore(endpoint, artifactKey(secret), join(home, 'cache', 'artifacts'));
}
