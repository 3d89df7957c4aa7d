import type { modelConfiguration } from '../model-documents.rules.js';
import { configurationDataTypes } from './protocol.js';

type Configuration = ReturnType<typeof modelConfiguration>;

/** The configuration as a message, whose datatypes are numbers. */
export function configurationMessage({ input, output, ...rest }: Configuration): object {
  return { config: { ...rest, input: input.map(numbered), output: output.map(numbered) } };
}

function numbered(entry: Configuration['input'][number]): object {
  return { ...entry, data_type: configurationDataTypes[entry.data_type] };
}
