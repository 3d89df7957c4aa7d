import { exportClassifier, type ExportOptions } from './classifier-export.js';
import type { Split } from './labelled-data.js';
import type { Network } from './network.js';
import { train, type TrainingOptions } from './trainer.js';

/** Everything that determines an example model: data, network, training and the file's form. */
export interface Recipe {
  readonly split: () => Split;
  readonly network: (split: Split) => Network;
  readonly training: Omit<TrainingOptions, 'onEpoch'>;
  readonly export: ExportOptions;
}

/** Trains by a recipe and returns the bytes of the model file: the same ones whenever it is repeated on a machine. */
export async function follow(recipe: Recipe, onEpoch?: TrainingOptions['onEpoch']): Promise<Buffer> {
  const split = recipe.split();
  const network = recipe.network(split);
  const options = onEpoch === undefined ? recipe.training : { ...recipe.training, onEpoch };
  return exportClassifier(network, await train(network, split.training, options), recipe.export);
}
