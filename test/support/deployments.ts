import { randomUUID } from 'node:crypto';
import { ExecutorView } from '../../src/modules/inference/client/executor-view.js';
import { type TestInference, until } from './inference.js';

type Input = Readonly<Record<string, unknown>>;

export const CREATE_DEPLOYMENT = `mutation ($input: CreateDeploymentInput!) {
  result: createDeployment(input: $input) { name revision } }`;

const PREDICT = `query ($input: PredictInput!) {
  result: predict(input: $input) { predictionId version variant requestId predictions { label } } }`;

export interface Predicted {
  readonly predictionId: string | null;
  readonly version: number;
  readonly variant: string;
  readonly requestId: string;
  readonly predictions: readonly { readonly label: string }[] | null;
}

/** One input row of four numbers. */
export const row = (...values: readonly [number, number, number, number]) => [
  { name: 'input', datatype: 'FP32', shape: [1, 4], data: values },
];

/** What tests of deployments ask of a Nestor. */
export interface DeploymentClient {
  /** Sends an operation that aliases its field `result`, which must succeed. */
  run<Result>(query: string, variables: Input): Promise<Result>;
  /** As `run`, for one that must be refused. */
  refusal(query: string, variables: Input): Promise<{ code: string | undefined; message: string }>;
  /** Creates a deployment under a new name. */
  create(input: Input): Promise<string>;
  predict(input: Input): Promise<Predicted>;
}

export function deploymentClient(nestor: Pick<TestInference, 'ask'>): DeploymentClient {
  const run = async <Result>(query: string, variables: Input): Promise<Result> => {
    const { data, errors } = await nestor.ask<{ result: Result }>(query, variables);
    if (data === null || errors.length > 0) throw new Error(JSON.stringify(errors));
    return data.result;
  };
  return {
    run,
    refusal: async (query, variables) => {
      const { errors } = await nestor.ask(query, variables);
      return { code: errors[0]?.extensions.code, message: errors[0]?.message ?? '' };
    },
    create: async (input) => {
      const name = `d-${randomUUID()}`;
      await run(CREATE_DEPLOYMENT, { input: { name, environment: 'PRODUCTION', ...input } });
      return name;
    },
    predict: async (input) => run<Predicted>(PREDICT, { input: { inputs: row(0, 1, 2, 3), ...input } }),
  };
}

/** Waits until a model can be run. */
export async function executorsReady(nestor: TestInference): Promise<void> {
  await until(
    () => nestor.api.app.get(ExecutorView, { strict: false }).hosts(),
    (hosts) => hosts.some(({ executors }) => executors.some(({ state }) => state === 'READY')),
  );
}
