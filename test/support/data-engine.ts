import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { DataEngine } from '../../src/modules/feature-store/engine/data-engine.js';
import { quoted, sqlTypes } from '../../src/modules/feature-store/engine/sql-text.js';
import type { FeatureValue, TypedColumn } from '../../src/modules/feature-store/value-types.js';

const MIB = 1024 * 1024;

/** A data engine for the tests of a file, with no folder to read. */
export function useDataEngine(): () => DataEngine {
  let folder: string;
  let engine: DataEngine;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestor-engine-'));
    engine = await DataEngine.open({
      memoryBytes: 256 * MIB,
      threads: 2,
      temporaryFolder: folder,
      maxTemporaryBytes: 64 * MIB,
      folders: [],
    });
  });
  afterAll(async () => {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  });
  return () => engine;
}

/** Makes a table of rows, in place of one of this name. */
export async function fillTable(
  engine: DataEngine,
  table: string,
  columns: readonly TypedColumn[],
  rows: readonly (readonly FeatureValue[])[],
): Promise<void> {
  const types = columns.map(({ name, type }) => `${quoted(name)} ${sqlTypes[type]}`);
  await engine.run(`CREATE OR REPLACE TABLE ${quoted(table)} (${types.join(', ')})`);
  await engine.append(table, columns, once(rows));
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield await Promise.resolve(value);
}
