import { describe } from 'vitest';
import { describeBatchFiles } from './batch/files.js';
import { batchFixture } from './batch/fixture.js';
import { describeBatchRecovery } from './batch/recovery.js';
import { describeBatchRows } from './batch/rows.js';
import { describeBatchSteering } from './batch/steering.js';
import { hasRedisServer } from './redis.js';

/** The same promises hold on both backends; one api in a process, so each has a file of its own. */
export function describeBatchInference(backend: 'postgresql' | 'redis'): void {
  describe.skipIf(backend === 'redis' && !hasRedisServer())(`batch inference on ${backend}`, () => {
    const fixture = batchFixture(backend);
    describeBatchFiles(fixture);
    describeBatchRows(fixture);
    describeBatchSteering(fixture);
    describeBatchRecovery(fixture);
  });
}
