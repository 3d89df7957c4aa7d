import type { ModelMetadata } from './model-metadata.js';

type Preprocessing = ModelMetadata['preprocessing'];

/** `value × scale + offset`, each one number for all columns or a list with one for each. */
export function preprocessed(value: number, column: number, preprocessing: Preprocessing): number {
  if (preprocessing === undefined) return value;
  return value * factorOf(preprocessing.scale, column, 1) + factorOf(preprocessing.offset, column, 0);
}

function factorOf(factor: number | readonly number[] | undefined, column: number, neutral: number): number {
  if (typeof factor === 'number') return factor;
  return factor?.[column] ?? neutral;
}
