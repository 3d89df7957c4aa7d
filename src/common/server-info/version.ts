import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../process/package-root.js';

const packageJson: unknown = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));

/** Version of Nestor, as `package.json` states it. */
export const { version } = z.object({ version: z.string() }).parse(packageJson);
