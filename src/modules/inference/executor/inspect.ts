import { CodedError } from '../../../common/errors/coded-error.js';
import type { InspectSettings } from '../protocol/control.js';
import type { HostChannel } from './host-channel.js';
import { readModelFile } from './model-file.js';
import { ModelSession } from './model-session.js';
import { inspectSession } from './model-trial.js';

/** Loads one model, tries it out, and tells the host what it is. */
export async function inspect(settings: InspectSettings, host: HostChannel): Promise<void> {
  try {
    // Starts the clock of the host: what it took to start the process is not the model's doing.
    host.send({ type: 'running', digest: settings.digest });
    const bytes = await readModelFile(settings.path, settings.digest);
    const session = await ModelSession.open(bytes, settings);
    host.send({ type: 'inspected', inspection: await inspectSession(session) });
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    host.send({ type: 'inspectionFailed', error: { code: error.code, message: error.message } });
  }
}
