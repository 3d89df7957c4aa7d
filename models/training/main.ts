import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digitsRecipe } from '../digits/recipe.js';
import { irisRecipe } from '../iris/recipe.js';
import { evaluateClassifier } from './evaluation.js';
import { follow, type Recipe } from './recipe.js';

/**
 * `npm run models:train -- iris`: trains an example model from its recipe, writes `models/<name>/1/model.onnx` and says how
 * well it does on the rows that were held out.
 */
const recipes: Readonly<Record<string, Recipe>> = { iris: irisRecipe, digits: digitsRecipe };

const name = process.argv[2] ?? '';
const recipe = recipes[name];
if (recipe === undefined) {
  console.error(`Name one of the models: npm run models:train -- ${Object.keys(recipes).join(' | ')}`);
  process.exitCode = 2;
} else {
  const started = performance.now();
  const file = await follow(recipe, (epoch, loss) => console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`));
  const seconds = (performance.now() - started) / 1000;
  const path = join('models', name, '1', 'model.onnx');
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, file);
  const { rows, correct, accuracy, confusion } = await evaluateClassifier(file, recipe.split().heldOut);
  console.log(`${path}: ${file.length} bytes, sha256 ${createHash('sha256').update(file).digest('hex')}`);
  console.log(`trained in ${seconds.toFixed(1)} s; held out ${rows} rows, ${correct} right: ${accuracy.toFixed(4)}`);
  console.log('rows: actual class; columns: predicted class');
  console.log(confusion.map((counts) => counts.map((count) => String(count).padStart(5)).join('')).join('\n'));
}
