import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of `package.json`, from the sources as well as from `dist/`. */
export const packageRoot: string = above(import.meta.dirname);

function above(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder)
    throw new Error(`There is no package.json above ${import.meta.dirname}: the installation is incomplete.`);
  return above(parent);
}
