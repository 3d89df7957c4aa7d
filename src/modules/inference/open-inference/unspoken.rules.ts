import { CodedError } from '../../../common/errors/coded-error.js';
import type { JsonObject } from '../../../common/json/json-object.js';

/** Parameters of Triton's that would change what an answer means, by what they stand for. */
const unspoken: ReadonlyMap<string, string> = new Map([
  ['shared_memory_region', 'Shared memory'],
  ['shared_memory_byte_size', 'Shared memory'],
  ['shared_memory_offset', 'Shared memory'],
  ['sequence_id', 'A sequence of requests'],
  ['sequence_start', 'A sequence of requests'],
  ['sequence_end', 'A sequence of requests'],
  ['classification', 'The classification extension'],
]);

/**
 * Refuses what is not spoken here and must not be overlooked: an answer without it would be taken for another one.
 * @throws {CodedError} INVALID_INPUT.
 */
export function refuseUnspoken(parameters: JsonObject, where: string): void {
  for (const name of Object.keys(parameters)) {
    const extension = unspoken.get(name);
    if (extension !== undefined)
      throw new CodedError('INVALID_INPUT', `${where}: ${name}. ${extension} is not spoken.`);
  }
}
