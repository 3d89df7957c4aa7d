import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataEngine } from '../../src/modules/feature-store/engine/data-engine.js';
import type { Workbench } from '../../src/modules/feature-store/engine/data-engines.js';
import type { DataColumn, DataSchema } from '../../src/modules/feature-store/sources/data-source.js';
import type { ValueType } from '../../src/modules/feature-store/value-types.js';

const MIB = 1024 * 1024;

export interface TestWorkbench extends Workbench {
  close(): Promise<void>;
}

/** An engine with little memory and a folder of its own. */
export async function openWorkbench(): Promise<TestWorkbench> {
  const own = await mkdtemp(join(tmpdir(), 'nestor-data-'));
  const folder = join(own, 'data');
  await mkdir(folder);
  const engine = await DataEngine.open({
    memoryBytes: 256 * MIB,
    threads: 2,
    temporaryFolder: join(own, 'temporary'),
    maxTemporaryBytes: 128 * MIB,
    folders: [folder],
  });
  const close = async () => {
    await engine.close();
    await rm(own, { recursive: true });
  };
  return { engine, folder, close };
}

/** A column that takes anything of its type. */
export const dataColumn = (name: string, type: ValueType, more: Partial<DataColumn> = {}): DataColumn => ({
  name,
  type,
  description: '',
  isNullable: true,
  minimum: null,
  maximum: null,
  allowedValues: null,
  pattern: null,
  isSensitive: false,
  ...more,
});

export const dataSchema = (columns: readonly DataColumn[], more: Partial<DataSchema> = {}): DataSchema => ({
  columns,
  keyColumns: [],
  eventTimeColumn: null,
  maxAgeSeconds: null,
  hasUniqueRows: false,
  ...more,
});
