import { Global, Module } from '@nestjs/common';
import { SETTINGS } from '../config/config.module.js';
import type { Settings } from '../config/settings.js';
import { FieldEncryption } from './field-encryption.js';
import { InstallationSecret } from './installation-secret.js';
import { loadOrCreateSecret } from './secret-file.js';

/** Gives every module the installation's secret to derive keys from, and what encrypts under one of them. */
@Global()
@Module({
  providers: [
    {
      provide: InstallationSecret,
      inject: [SETTINGS],
      useFactory: async (settings: Settings) =>
        new InstallationSecret(await loadOrCreateSecret(settings.NESTOR_HOME, settings)),
    },
    {
      provide: FieldEncryption,
      inject: [InstallationSecret, SETTINGS],
      useFactory: (secret: InstallationSecret, { NESTOR_PREVIOUS_SECRETS: previous }: Settings) =>
        new FieldEncryption(
          secret,
          previous.map((text) => new InstallationSecret(text)),
        ),
    },
  ],
  exports: [InstallationSecret, FieldEncryption],
})
export class CryptoModule {}
