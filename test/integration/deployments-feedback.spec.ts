import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PredictionLog } from '../../src/modules/deployments/log/prediction-log.js';
import {
  deploymentClient,
  type DeploymentClient,
  executorsReady,
  type Predicted,
  row,
} from '../support/deployments.js';
import { startTestInference, type TestInference, until } from '../support/inference.js';
import { brittleModel, identityModel } from '../support/onnx/models.js';

let nestor: TestInference;
let client: DeploymentClient;

beforeAll(async () => {
  nestor = await startTestInference({ NESTOR_PREDICT_CONCURRENCY: '1000' });
  await nestor.startWorker();
  client = deploymentClient(nestor);
  const labels = ['a', 'b', 'c', 'd'];
  await nestor.register('echo', identityModel('FP32'), { outputLabels: labels });
  await nestor.register('echo', identityModel('FP32'), { outputLabels: labels.toReversed() });
  await nestor.register('echo', brittleModel(4), { outputLabels: labels });
  await executorsReady(nestor);
});

afterAll(() => nestor.close());

const champion = { name: 'main', role: 'CHAMPION', model: 'echo', version: 1, weight: 50 };
const challenger = { name: 'rival', role: 'CHALLENGER', model: 'echo', version: 1, weight: 50 };

const RECORD = `mutation ($input: RecordFeedbackInput!) {
  result: recordFeedback(input: $input) { predictionId label reward createdAt } }`;
const RESULTS = 'variant role model version predictions faults p99Ms samples meanReward';
const COMPARE = `query ($deployment: String!, $since: DateTime) {
  result: deploymentComparison(deployment: $deployment, since: $since) {
    deployment revision since champion { ${RESULTS} }
    comparisons { contender { ${RESULTS} } kind effect isSignificant
      sequential { pValue low high } singleLook { pValue low high } } } }`;

interface Results {
  readonly variant: string;
  readonly predictions: number;
  readonly faults: number;
  readonly p99Ms: number | null;
  readonly samples: number;
  readonly meanReward: number | null;
}
interface Test {
  readonly pValue: number;
  readonly low: number;
  readonly high: number;
}
interface Comparison {
  readonly revision: number;
  readonly since: string;
  readonly champion: Results;
  readonly comparisons: readonly {
    readonly contender: Results;
    readonly kind: string;
    readonly effect: number | null;
    readonly isSignificant: boolean;
    readonly sequential: Test | null;
    readonly singleLook: Test | null;
  }[];
}

type Feedback = Readonly<Record<string, unknown>>;

const record = (input: Feedback) => client.run<Feedback>(RECORD, { input });
const refusalOf = async (input: Feedback) => (await client.refusal(RECORD, { input })).code;
const compare = (deployment: string, since?: string) => client.run<Comparison>(COMPARE, { deployment, since });

/** Waits until what was predicted is in the log. */
const logged = () =>
  until(
    () => nestor.api.app.get(PredictionLog, { strict: false }).waiting,
    (waiting) => waiting === 0,
  );

async function predictMany(deployment: string, count: number): Promise<Predicted[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => client.predict({ deployment })));
  await logged();
  return answers;
}

const width = ({ low, high }: Test) => high - low;

describe('feedback', () => {
  it('is recorded once for a prediction, also when it is sent again, and audited', async () => {
    const deployment = await client.create({ variants: [champion], logging: { keepPayloads: true } });
    const [first, second] = await predictMany(deployment, 2);
    const input = { predictionId: first?.predictionId, label: 'd' };
    const recorded = await record(input);
    expect(recorded).toMatchObject({ ...input, reward: null });
    expect(await record(input)).toEqual(recorded);
    expect(await refusalOf({ ...input, label: 'a' })).toBe('CONFLICT');
    expect(await record({ predictionId: second?.predictionId, reward: -2.5 })).toMatchObject({ reward: -2.5 });
    const events = await nestor.dataSource.query<{ repeated: string }[]>(
      `SELECT detail->>'isRepeated' AS repeated FROM audit_events
       WHERE action = 'feedback.record' AND outcome = 'SUCCESS' AND resource_id = $1 ORDER BY sequence`,
      [first?.predictionId],
    );
    expect(events.map(({ repeated }) => repeated).toSorted()).toEqual(['false', 'true']);
  });

  it('may come before the prediction is in the log', async () => {
    const deployment = await client.create({ variants: [champion] });
    for (let index = 0; index < 10; index += 1) {
      const { predictionId } = await client.predict({ deployment });
      expect(await record({ predictionId, reward: 1 })).toMatchObject({ reward: 1 });
    }
  });

  it('is refused where there is nothing that it could be about', async () => {
    const deployment = await client.create({ variants: [champion] });
    const [plain] = await predictMany(deployment, 1);
    expect(await refusalOf({ predictionId: randomUUID(), reward: 1 })).toBe('NOT_FOUND');
    expect(await refusalOf({ predictionId: 'nonsense', reward: 1 })).toBe('NOT_FOUND');
    expect(await refusalOf({ predictionId: plain?.predictionId })).toBe('INVALID_INPUT');
    expect(await refusalOf({ predictionId: plain?.predictionId, reward: 1, label: 'a' })).toBe('INVALID_INPUT');
    expect(await refusalOf({ predictionId: plain?.predictionId, label: 'a' })).toBe('INVALID_INPUT');
  });
});

describe('a comparison', () => {
  it('of binary rewards tells sizes, rates, the effect and whether it is one', async () => {
    const deployment = await client.create({ variants: [champion, challenger] });
    const answers = await predictMany(deployment, 200);
    const counts = new Map<string, number>();
    await Promise.all(
      answers.map(async ({ predictionId, variant }) => {
        const index = counts.get(variant) ?? 0;
        counts.set(variant, index + 1);
        await record({ predictionId, reward: variant === 'rival' ? 1 : index % 2 });
      }),
    );
    const { champion: main, comparisons, revision } = await compare(deployment);
    const [rival] = comparisons;
    expect(revision).toBe(1);
    expect(main).toMatchObject({ variant: 'main', predictions: counts.get('main'), samples: counts.get('main') });
    expect(main.meanReward).toBeCloseTo(0.5, 1);
    expect(main.p99Ms).toBeGreaterThan(0);
    expect(rival?.contender).toMatchObject({
      variant: 'rival',
      samples: counts.get('rival'),
      meanReward: 1,
      faults: 0,
    });
    expect(rival).toMatchObject({ kind: 'BINARY', isSignificant: true });
    expect(rival?.effect).toBeCloseTo(0.5, 1);
    expect(rival?.sequential?.low).toBeGreaterThan(0);
    // The right to look again has its price.
    if (rival?.sequential == null || rival.singleLook === null) throw new Error('nothing was tested');
    expect(width(rival.sequential)).toBeGreaterThan(width(rival.singleLook));
    const later = await compare(deployment, new Date(Date.now() + 60_000).toISOString());
    expect(later.champion).toMatchObject({ predictions: 0, samples: 0, meanReward: null, p99Ms: null });
    expect(later.comparisons[0]).toMatchObject({
      effect: null,
      sequential: null,
      singleLook: null,
      isSignificant: false,
    });
  });

  it('of real rewards uses their means', async () => {
    const deployment = await client.create({ variants: [champion, challenger] });
    const answers = await predictMany(deployment, 160);
    await Promise.all(
      answers.map(({ predictionId, variant }, index) =>
        record({ predictionId, reward: (variant === 'rival' ? 10 : 12) + (index % 7) / 7 }),
      ),
    );
    const [rival] = (await compare(deployment)).comparisons;
    expect(rival).toMatchObject({ kind: 'REAL', isSignificant: true });
    expect(rival?.effect).toBeCloseTo(-2, 0);
    expect(rival?.sequential?.high).toBeLessThan(0);
  });

  it('judges a shadow by the labels of what was answered in its place', async () => {
    const shadow = { name: 'dark', role: 'SHADOW', model: 'echo', version: 2 };
    const deployment = await client.create({ variants: [champion, shadow], logging: { keepPayloads: true } });
    // One after the other: no shadow is to be dropped.
    for (let index = 0; index < 40; index += 1) {
      const { predictionId } = await client.predict({ deployment });
      await logged();
      await record({ predictionId, label: index % 10 === 0 ? 'a' : 'd' });
    }
    const compared = await until(
      () => compare(deployment),
      ({ comparisons }) => comparisons[0]?.contender.samples === 40,
    );
    expect(compared.champion).toMatchObject({ samples: 40, meanReward: 0.9 });
    expect(compared.comparisons[0]).toMatchObject({
      contender: { variant: 'dark', role: 'SHADOW', meanReward: 0.1 },
      kind: 'BINARY',
      isSignificant: true,
    });
  });

  it("counts a version's own failures, and not those of its callers", async () => {
    const brittle = { ...champion, version: 3 };
    const deployment = await client.create({ variants: [brittle] });
    await client.predict({ deployment });
    const predict = (inputs: unknown) => client.predict({ deployment, inputs });
    await expect(predict(row(9, 9, 9, 9))).rejects.toThrow('MODEL_RUN_FAILED');
    await expect(predict([])).rejects.toThrow('INVALID_TENSOR');
    await logged();
    expect((await compare(deployment)).champion).toMatchObject({ predictions: 3, faults: 1, samples: 0 });
    const { code } = await client.refusal(COMPARE, { deployment: 'nobody' });
    expect(code).toBe('DEPLOYMENT_NOT_FOUND');
  });
});
