import 'reflect-metadata';
import { databaseUrlFor } from './common/database/database-url.js';
import { exitWith, settingsOrExit } from './common/process/run-process.js';
import { verificationStatus, verifyCommand } from './modules/audit/verification/verify-command.js';

const url = await databaseUrlFor(settingsOrExit()).catch((error: unknown) =>
  exitWith(error instanceof Error ? error.message : String(error), verificationStatus.COULD_NOT_RUN),
);
process.exitCode = await verifyCommand(url, (line) => process.stdout.write(`${line}\n`));
