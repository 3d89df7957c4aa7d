import { Client } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi } from '../../src/api.js';
import { deploymentClient, executorsReady } from '../support/deployments.js';
import { send } from '../support/graphql.js';
import { startTestInference, type TestInference } from '../support/inference.js';
import { identityModel } from '../support/onnx/models.js';

let nestor: TestInference;

beforeAll(async () => {
  nestor = await startTestInference();
  await nestor.startWorker();
  await nestor.register('echo', identityModel('FP32'));
  await executorsReady(nestor);
});

afterAll(() => nestor.close());

describe('an api that stops', () => {
  it('logs all that it answered', async () => {
    const champion = { name: 'main', role: 'CHAMPION', model: 'echo', version: 1 };
    const deployment = await deploymentClient(nestor).create({ variants: [champion] });
    const other = await startApi(nestor.settings, pino({ level: 'silent' }));
    const client = deploymentClient({
      ask: (query, variables = {}) => send(other.url, query, variables, { 'x-api-key': nestor.apiKey }),
    });
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.predict({ deployment })));
    await other.close();
    const database = new Client({ connectionString: nestor.settings.DATABASE_URL });
    await database.connect();
    const { rows } = await database.query<{ id: string }>('SELECT id FROM prediction_log');
    await database.end();
    expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(answers.map(({ predictionId }) => predictionId)));
    expect(rows).toHaveLength(50);
  });
});
