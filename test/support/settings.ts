import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings, type Settings } from '../../src/common/config/settings.js';

/** Settings for a test: free ports, a home of its own, little memory, no log. */
export function testSettings(overrides: Readonly<Record<string, string>>): Settings {
  return loadSettings({
    NESTOR_HOME: mkdtempSync(join(tmpdir(), 'nestor-test-')),
    PORT: '0',
    MANAGEMENT_PORT: '0',
    WORKER_MANAGEMENT_PORT: '0',
    NESTOR_LOG_LEVEL: 'silent',
    NESTOR_EXECUTORS: '1',
    DATABASE_POOL_SIZE: '5',
    ...overrides,
  });
}
