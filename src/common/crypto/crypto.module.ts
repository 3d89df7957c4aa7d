import { Global, Module } from '@nestjs/common';
import { SETTINGS } from '../config/config.module.js';
import type { Settings } from '../config/settings.js';
import { InstallationSecret } from './installation-secret.js';
import { loadOrCreateSecret } from './secret-file.js';

/** Gives every module the installation's secret to derive keys from. */
@Global()
@Module({
  providers: [
    {
      provide: InstallationSecret,
      inject: [SETTINGS],
      useFactory: async (settings: Settings) =>
        new InstallationSecret(await loadOrCreateSecret(settings.NESTOR_HOME, settings)),
    },
  ],
  exports: [InstallationSecret],
})
export class CryptoModule {}
