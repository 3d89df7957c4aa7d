import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { SETTINGS } from '../config/config.module.js';
import type { Settings } from '../config/settings.js';
import { ArtifactStore } from './artifact-store.js';
import { FolderArtifactStore } from './folder-artifact-store.js';

@Global()
@Module({
  providers: [
    {
      provide: ArtifactStore,
      inject: [SETTINGS],
      useFactory: (settings: Settings) => FolderArtifactStore.open(join(settings.NESTOR_HOME, 'artifacts')),
    },
  ],
  exports: [ArtifactStore],
})
export class StorageModule {}
