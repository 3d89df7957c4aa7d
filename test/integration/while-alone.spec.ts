import { afterAll, beforeAll, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import type { AdvisoryLock } from '../../src/common/database/advisory-locks.js';
import { whileAlone } from '../../src/common/database/while-alone.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
const sources: DataSource[] = [];
const open = async (): Promise<DataSource> => {
  const source = new DataSource({ type: 'postgres', url: database.url, poolSize: 2 });
  sources.push(await source.initialize());
  return source;
};
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await Promise.all(sources.map((source) => source.destroy()));
  await database.drop();
});

const locks: readonly AdvisoryLock[] = ['jobSweep', 'batchSweep', 'canaries'];

it('leaves a connection to what is done, however small the pool and however many are at it', async () => {
  const source = await open();
  const done: AdvisoryLock[] = [];
  const task = async (lock: AdvisoryLock): Promise<void> => {
    await Promise.all([source.query('SELECT 1'), source.query('SELECT 2')]);
    await source.transaction((manager) => manager.query('SELECT 3'));
    done.push(lock);
  };
  await Promise.all(locks.map((lock) => whileAlone(source, lock, () => task(lock))));
  expect(done.toSorted()).toEqual(locks.toSorted());
});

it('does nothing where another process is at it', async () => {
  const [one, other] = [await open(), await open()];
  const met = await new Promise<boolean>((resolve, reject) => {
    const meet = async (): Promise<void> => resolve(await whileAlone(other, 'jobSweep', () => Promise.resolve()));
    whileAlone(one, 'jobSweep', meet).catch(reject);
  });
  expect(met).toBe(false);
});
