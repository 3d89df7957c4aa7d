import { type TestInference, until } from './inference.js';

const CREATE = 'mutation ($input: CreateDataSourceInput!) { result: createDataSource(input: $input) { id } }';
const COLLECT = `mutation ($source: String!, $artifact: ID!) {
  result: collectDataSource(input: { source: $source, artifact: $artifact }) { id } }`;
const READ = 'query ($id: ID!) { result: dataCollection(id: $id) { status } }';

/** A data source with the rows of a CSV file. A worker must run. @returns its id. */
export async function collectedSource(
  nestor: TestInference,
  name: string,
  columns: readonly { readonly name: string; readonly type: string }[],
  csv: string,
): Promise<string> {
  const run = async <Result>(query: string, variables: Readonly<Record<string, unknown>>): Promise<Result> => {
    const { data, errors } = await nestor.ask<{ result: Result }>(query, variables);
    if (data === null) throw new Error(JSON.stringify(errors));
    return data.result;
  };
  const source = await run<{ id: string }>(CREATE, {
    input: { name, kind: 'FILE', mode: 'APPEND', schema: { columns } },
  });
  const headers = { 'content-type': 'application/octet-stream', 'x-api-key': nestor.apiKey };
  const uploaded = await fetch(`${nestor.api.url}/api/artifacts`, { method: 'PUT', headers, body: csv });
  const { digest } = (await uploaded.json()) as { digest: string };
  const { id } = await run<{ id: string }>(COLLECT, { source: name, artifact: digest });
  await until(
    () => run<{ status: string }>(READ, { id }),
    ({ status }) => status === 'SUCCEEDED',
  );
  return source.id;
}
