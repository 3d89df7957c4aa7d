import { setTimeout as sleep } from 'node:timers/promises';
import type { NestorClient } from './nestor-client.js';

/** Makes a data source of columns such as `user:STRING` and collects a file of it; the source is made where there is none. */
export async function collect(
  nestor: Pick<NestorClient, 'ask' | 'upload'>,
  name: string,
  columns: readonly string[],
  csv: string,
): Promise<void> {
  const typed = columns.map((column) => ({ name: column.split(':')[0], type: column.split(':')[1] }));
  const known = await nestor.ask<{ dataSource: object | null }>(`{ dataSource(name: "${name}") { name } }`);
  if (known.dataSource === null) {
    await nestor.ask('mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { name } }', {
      input: { name, kind: 'FILE', policy: 'WARN', schema: { columns: typed } },
    });
  }
  const artifact = await nestor.upload(Buffer.from(csv));
  const { collectDataSource: run } = await nestor.ask<{ collectDataSource: { id: string } }>(
    'mutation ($source: String!, $artifact: ID!) { collectDataSource(input: { source: $source, artifact: $artifact }) { id } }',
    { source: name, artifact },
  );
  const read = `{ dataCollection(id: "${run.id}") { status } }`;
  await until(
    async () => (await nestor.ask<{ dataCollection: { status: string } }>(read)).dataCollection.status === 'SUCCEEDED',
  );
}

/** Waits for as long as the test may take. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50);
}
