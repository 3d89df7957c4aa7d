import { createHash } from 'node:crypto';
import type { Tensor } from '../../../common/tensor/tensor.js';

/**
 * The same for two requests of a version that are answered alike: same inputs, to the byte, and same outputs in the same
 * order.
 * @param tensors in the order of the model's inputs.
 */
export function cacheKey(tensors: readonly Tensor[], outputs: readonly string[] | undefined): string {
  const shapes = tensors.map(({ name, datatype, shape, data }) => [name, datatype, shape, data.byteLength]);
  const hash = createHash('sha256').update(JSON.stringify([outputs ?? null, shapes]));
  for (const { data } of tensors) hash.update(data);
  return hash.digest('base64');
}
