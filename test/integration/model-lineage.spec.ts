import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import { collect, until } from '../support/collections.js';
import { row } from '../support/deployments.js';
import { definitionEntities } from '../support/feature-views.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { identityModel } from '../support/onnx/models.js';
import { defineSpending } from '../support/spending.js';

const SET = `mutation ($input: SetTrainingSetsInput!) {
  setTrainingSets(input: $input) { version trainingSets { id } } }`;
const TRAINED = `query ($id: ID!) { historicalFeatures(id: $id) { status modelVersions { model version } } }`;
/** The query of docs/guides/training-sets.md. */
const LINEAGE = `query ($deployment: String!) {
  predictionLog(first: 1, filter: { deployment: $deployment }) {
    edges {
      node {
        id
        modelVersion {
          model
          version
          trainingSets {
            id
            artifact
            snapshots {
              source
              version
              dataSnapshot {
                artifact
                collection {
                  id
                  artifact
                  rowsRead
                }
              }
            }
          }
        }
      }
    }
  }
}`;

interface Name {
  readonly model: string;
  readonly version: number;
}

let nestor: TestNestor;
let dataSource: DataSource;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false, overrides: { NESTOR_JOB_SWEEP_MS: '200' } });
  dataSource = await new DataSource({
    ...dataSourceOptions(nestor.settings.DATABASE_URL ?? '', 2),
    entities: definitionEntities,
  }).initialize();
  await defineSpending(nestor, dataSource);
});
afterAll(async () => {
  await dataSource.destroy();
  await nestor.close();
});

/** A new version of a model. */
const version = (model: string) => nestor.addModel(model, identityModel('FP32'));

const REQUEST = `mutation ($input: HistoricalFeaturesInput!) { requestHistoricalFeatures(input: $input) { id } }`;

async function trainingSet(when: string, status = 'SUCCEEDED'): Promise<string> {
  const input = {
    features: ['spending:amount'],
    eventTimeColumn: 'when',
    labels: { rows: [{ user: 'ann', when, label: 1 }] },
  };
  const { id } = (await nestor.ask<{ requestHistoricalFeatures: { id: string } }>(REQUEST, { input }))
    .requestHistoricalFeatures;
  type Trained = { historicalFeatures: { status: string } };
  await until(async () => (await nestor.ask<Trained>(TRAINED, { id })).historicalFeatures.status === status);
  return id;
}

const set = async (model: string, number: number, trainingSets: readonly string[]) =>
  (
    await nestor.ask<{ setTrainingSets: { trainingSets: { id: string }[] } }>(SET, {
      input: { model, version: number, trainingSets },
    })
  ).setTrainingSets.trainingSets.map(({ id }) => id);

const refusal = async (input: object, key = nestor.key) => {
  const { errors } = await nestor.send(SET, { input }, key);
  return `${errors[0]?.extensions.code}: ${errors[0]?.message}`;
};

const trainedBy = async (id: string) =>
  (await nestor.ask<{ historicalFeatures: { modelVersions: Name[] } }>(TRAINED, { id })).historicalFeatures
    .modelVersions;

/** The models of a source, of its first snapshot and of two views, and what the snapshot is used by. */
async function dependents() {
  const models = 'modelVersions { model version }';
  type Of = { modelVersions: Name[] };
  return nestor.ask<{ source: Of; snapshot: Of & { usedBy: unknown[] }; view: Of; onDemand: Of }>(`{
    source: dataSource(name: "purchases") { ${models} }
    snapshot: dataSnapshot(source: "purchases", version: 1) { ${models} usedBy { kind id } }
    view: featureView(name: "spending") { ${models} }
    onDemand: featureView(name: "basket") { ${models} } }`);
}

describe('what a model version was trained on', () => {
  it('is said and replaced as a whole, and told from both sides, newest first', async () => {
    const one = await version('told');
    const two = await version('told');
    const older = await trainingSet('2026-01-02');
    const newer = await trainingSet('2026-01-03');
    expect(await set('told', one, [older, newer, older.toUpperCase()])).toEqual([newer, older]);
    expect(await set('told', two, [newer])).toEqual([newer]);
    expect(await trainedBy(older)).toEqual([{ model: 'told', version: one }]);
    expect(await trainedBy(newer)).toEqual([
      { model: 'told', version: two },
      { model: 'told', version: one },
    ]);
    expect(await set('told', one, [older])).toEqual([older]);
    expect(await trainedBy(newer)).toEqual([{ model: 'told', version: two }]);
    expect(await set('told', one, [])).toEqual([]);
    expect(await trainedBy(older)).toEqual([]);
  });

  it('is one answer where it is said at once from several sides', async () => {
    const number = await version('raced');
    const ids = [await trainingSet('2026-01-02'), await trainingSet('2026-01-03'), await trainingSet('2026-01-04')];
    await Promise.all(ids.map((id) => set('raced', number, [id])));
    const { modelVersion } = await nestor.ask<{ modelVersion: { trainingSets: unknown[] } }>(
      `{ modelVersion(model: "raced", version: ${number}) { trainingSets { id } } }`,
    );
    expect(modelVersion.trainingSets).toHaveLength(1);
  });

  it('is refused where it is not so', async () => {
    const number = await version('refused');
    const made = await trainingSet('2026-01-02');
    const failed = await trainingSet('2999-01-01', 'FAILED');
    const elsewhere = await trainingSet('2026-01-02');
    await dataSource.query('UPDATE historical_features_jobs SET workspace_id = $2 WHERE id = $1', [
      elsewhere,
      randomUUID(),
    ]);
    const input = { model: 'refused', version: number };
    for (const id of [randomUUID(), elsewhere, 'x']) {
      expect(await refusal({ ...input, trainingSets: [made, id] })).toBe(
        `NOT_FOUND: There is no job of historical features "${id}" in this workspace.`,
      );
    }
    expect(await refusal({ ...input, trainingSets: [made, failed] })).toBe(
      `CONFLICT: The job ${failed} is FAILED; only one that has SUCCEEDED made a training set.`,
    );
    expect(await refusal({ ...input, version: 9, trainingSets: [made] })).toMatch(/^MODEL_NOT_FOUND: /);
    expect(await refusal({ ...input, model: 'nothing', trainingSets: [made] })).toMatch(/^MODEL_NOT_FOUND: /);
    const many = Array.from({ length: 21 }, () => randomUUID());
    expect(await refusal({ ...input, trainingSets: many })).toMatch(/^INVALID_INPUT: trainingSets/);
    expect(await trainedBy(made)).toEqual([]);
  });

  it('needs the permission to write models, and is audited', async () => {
    const number = await version('audited');
    const made = await trainingSet('2026-01-02');
    const { createApiKey } = await nestor.ask<{ createApiKey: { key: string } }>(
      'mutation { createApiKey(input: { name: "reader", permissions: [MODEL_READ, DATA_READ] }) { key } }',
    );
    const input = { model: 'audited', version: number, trainingSets: [made] };
    expect(await refusal(input, { 'x-api-key': createApiKey.key })).toMatch(/^FORBIDDEN: /);
    await set('audited', number, [made]);
    const events: unknown[] = await dataSource.query(
      `SELECT action, outcome, detail::jsonb AS detail FROM audit_events
       WHERE action = 'model-version.set-training-sets' AND resource_id = $1`,
      [`audited/${number}`],
    );
    expect(events).toEqual([
      { action: 'model-version.set-training-sets', outcome: 'SUCCESS', detail: { trainingSet1: made } },
    ]);
  });

  it('is kept by the database', async () => {
    const made = await trainingSet('2026-01-02');
    await set('kept', await version('kept'), [made]);
    await expect(dataSource.query('DELETE FROM historical_features_jobs WHERE id = $1', [made])).rejects.toThrow(
      'model_training_sets_job_fkey',
    );
  });
});

describe('lineage', () => {
  it('leads from a prediction to the collections of its data in one query', async () => {
    const number = await version('traced');
    const made = await trainingSet('2026-01-04');
    await set('traced', number, [made]);
    await nestor.ask('mutation ($input: CreateDeploymentInput!) { createDeployment(input: $input) { name } }', {
      input: {
        name: 'live',
        environment: 'PRODUCTION',
        logging: { sampleRate: 1 },
        variants: [{ name: 'main', role: 'CHAMPION', model: 'traced', version: number, weight: 100 }],
      },
    });
    const { predict } = await nestor.ask<{ predict: { predictionId: string } }>(
      'query ($input: PredictInput!) { predict(input: $input) { predictionId } }',
      { input: { deployment: 'live', inputs: row(1, 2, 3, 4) } },
    );
    type Log = { predictionLog: { edges: { node: unknown }[] } };
    const ask = async () => (await nestor.ask<Log>(LINEAGE, { deployment: 'live' })).predictionLog.edges;
    await until(async () => (await ask()).length === 1);
    const digest: unknown = expect.stringMatching(/^sha256:/);
    expect((await ask())[0]?.node).toEqual({
      id: predict.predictionId,
      modelVersion: {
        model: 'traced',
        version: number,
        trainingSets: [
          {
            id: made,
            artifact: digest,
            snapshots: [
              {
                source: 'purchases',
                version: 1,
                dataSnapshot: {
                  artifact: digest,
                  collection: { id: expect.any(String) as string, artifact: digest, rowsRead: 4 },
                },
              },
            ],
          },
        ],
      },
    });
  });

  it('leads from data and features to models that were trained on them', async () => {
    const number = await version('trained');
    await set('trained', number, [await trainingSet('2026-01-02'), await trainingSet('2026-01-03')]);
    const { source, snapshot, view, onDemand } = await dependents();
    const name = { model: 'trained', version: number };
    for (const { modelVersions } of [source, snapshot, view]) {
      expect(modelVersions[0]).toEqual(name);
      expect(modelVersions.filter(({ model }) => model === 'trained')).toHaveLength(1);
    }
    expect(onDemand.modelVersions).not.toContainEqual(name);
    const { modelVersion } = await nestor.ask<{ modelVersion: { id: string } }>(
      `{ modelVersion(model: "trained", version: ${number}) { id } }`,
    );
    const uses = snapshot.usedBy.filter((use) => (use as { id: string }).id === modelVersion.id);
    expect(uses).toEqual([{ kind: 'MODEL_VERSION', id: modelVersion.id }]);
  });

  it('leads from data and features to models that are bound to them, through views that read each other', async () => {
    const number = await version('bound');
    const name = { model: 'bound', version: number };
    expect((await dependents()).onDemand.modelVersions).not.toContainEqual(name);
    const BIND = 'mutation ($input: BindFeatureServiceInput!) { bindFeatureService(input: $input) { version } }';
    await nestor.ask(BIND, { input: { ...name, service: 'churn' } });
    const bound = await dependents();
    // The transformation of the view learned from the snapshot when it was first joined.
    for (const { modelVersions } of Object.values(bound)) expect(modelVersions[0]).toEqual(name);
    await collect(nestor, 'purchases', [], 'user,at,known,amount\nann,2026-01-01,2026-01-01,10\n');
    expect(await nestor.ask('{ dataSnapshot(source: "purchases", version: 2) { modelVersions { model } } }')).toEqual({
      dataSnapshot: { modelVersions: [] },
    });
  });
});
