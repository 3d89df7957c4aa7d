import { mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

/** Other projects' clients, see `scripts/interop.mjs`. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  { test: { include: ['test/interop/**/*.interop.ts'], testTimeout: 180_000 } },
);
