import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { register } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArtifactStore } from '../../src/common/storage/artifact-store.js';
import type { Digest } from '../../src/common/storage/digest.js';
import { ArtifactSweepRepository } from '../../src/modules/registry/artifact-sweep/artifact-sweep.repository.js';
import { ArtifactSweeper } from '../../src/modules/registry/artifact-sweep/artifact-sweeper.js';
import { ArtifactService } from '../../src/modules/registry/artifact.service.js';
import { collect, until } from '../support/collections.js';
import { startTestInference, type TestInference } from '../support/inference.js';
import { identityModel } from '../support/onnx/models.js';

let nestor: TestInference;
let artifacts: ArtifactService;
let store: ArtifactStore;
let sweeper: ArtifactSweeper;
let repository: ArtifactSweepRepository;
beforeAll(async () => {
  nestor = await startTestInference();
  const worker = await nestor.startWorker();
  artifacts = nestor.api.app.get(ArtifactService, { strict: false });
  store = nestor.api.app.get(ArtifactStore, { strict: false });
  sweeper = worker.get(ArtifactSweeper, { strict: false });
  repository = worker.get(ArtifactSweepRepository, { strict: false });
});
afterAll(() => nestor.close());

const elsewhere = () => ({ ...nestor.context, actor: { ...nestor.context.actor, workspaceId: randomUUID() } });

const upload = async (bytes: Uint8Array, context = nestor.context): Promise<Digest> =>
  (await artifacts.upload(context, Readable.from([bytes]))).digest;

/** As if nothing had touched any artifact for so long. */
async function age(days = 8): Promise<void> {
  for (const table of ['artifacts', 'artifact_files']) {
    await nestor.dataSource.query(`UPDATE ${table} SET touched_at = now() - $1 * interval '1 day'`, [days]);
  }
}

const isStored = async (digest: string) => (await store.stat(digest as Digest)) !== null;

async function known(digest: Digest): Promise<{ workspaces: number; files: number }> {
  const [row]: { workspaces: number; files: number }[] = await nestor.dataSource.query(
    `SELECT (SELECT count(*)::int FROM artifacts WHERE digest = $1) AS workspaces,
       (SELECT count(*)::int FROM artifact_files WHERE digest = $1) AS files`,
    [digest],
  );
  return row ?? { workspaces: 0, files: 0 };
}

const metric = async (name: string) => (await register.getSingleMetric(name)?.get())?.values[0]?.value ?? 0;

/** Waits until a statement that begins so waits for a lock that another transaction has. */
const isBlocked = (statement: string) =>
  until(async () => {
    const rows: unknown[] = await nestor.dataSource.query(
      `SELECT 1 FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND starts_with(query, $1)`,
      [statement],
    );
    return rows.length > 0;
  });

describe('artifacts that nothing refers to', () => {
  it('are deleted with their files once they are old enough, audited and counted', async () => {
    const bytes = randomBytes(1_234);
    const digest = await upload(bytes);
    await age(6);
    await sweeper.sweep();
    expect([await known(digest), await isStored(digest)]).toEqual([{ workspaces: 1, files: 1 }, true]);
    const before = await metric('nestor_artifact_bytes_deleted_total');
    await age();
    await sweeper.sweep();
    expect([await known(digest), await isStored(digest)]).toEqual([{ workspaces: 0, files: 0 }, false]);
    await expect(artifacts.download(nestor.context, digest)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    await expect(artifacts.hold(nestor.context, digest)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    expect(await metric('nestor_artifact_bytes_deleted_total')).toBe(before + bytes.length);
    const events: unknown[] = await nestor.dataSource.query(
      `SELECT actor_kind, action, detail::jsonb AS detail FROM audit_events
       WHERE resource_id = $1 AND action <> 'artifact.upload'`,
      [digest],
    );
    expect(events).toEqual([{ actor_kind: 'SYSTEM', action: 'artifact.expire', detail: { sizeBytes: bytes.length } }]);
    expect(await upload(bytes)).toBe(digest);
    expect(await isStored(digest)).toBe(true);
  });

  it('are kept for a while longer by another upload, and by whoever is about to use them', async () => {
    const bytes = randomBytes(100);
    const digest = await upload(bytes);
    const held = await upload(randomBytes(100));
    await age();
    await upload(bytes);
    await artifacts.hold(nestor.context, held);
    await sweeper.sweep();
    for (const each of [digest, held]) {
      expect([await known(each), await isStored(each)]).toEqual([{ workspaces: 1, files: 1 }, true]);
    }
  });

  it('lose their file with the last workspace that has them', async () => {
    const bytes = randomBytes(100);
    const digest = await upload(bytes);
    await age();
    const other = elsewhere();
    await upload(bytes, other);
    await sweeper.sweep();
    expect([await known(digest), await isStored(digest)]).toEqual([{ workspaces: 1, files: 1 }, true]);
    await expect(artifacts.find(nestor.context, digest)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    expect((await artifacts.find(other, digest)).sizeBytes).toBe(100);
    await age();
    await sweeper.sweep();
    expect([await known(digest), await isStored(digest)]).toEqual([{ workspaces: 0, files: 0 }, false]);
  });

  it('are found also where their upload or their deletion ended half-way', async () => {
    const digest = await upload(randomBytes(100));
    await nestor.dataSource.query('DELETE FROM artifacts WHERE digest = $1', [digest]);
    const fileless = await upload(randomBytes(100));
    await nestor.dataSource.query('DELETE FROM artifacts WHERE digest = $1', [fileless]);
    await store.delete(fileless);
    await age();
    await sweeper.sweep();
    for (const each of [digest, fileless]) {
      expect([await known(each), await isStored(each)]).toEqual([{ workspaces: 0, files: 0 }, false]);
    }
  });

  it('stay where they are never to be deleted', async () => {
    const digest = await upload(randomBytes(100));
    await age(10_000);
    const worker = await nestor.startWorker({ NESTOR_ARTIFACT_RETENTION_DAYS: '0' });
    await worker.get(ArtifactSweeper, { strict: false }).sweep();
    await worker.close();
    expect(await isStored(digest)).toBe(true);
  });
});

const ask = async <Data>(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Data> => {
  const { data, errors } = await nestor.ask<Data>(query, variables);
  if (data === null || errors.length > 0) throw new Error(JSON.stringify(errors));
  return data;
};
const client = { ask, upload };
const digestsOf = async (sql: string) => {
  const rows: { digest: string }[] = await nestor.dataSource.query(sql);
  return rows.map(({ digest }) => digest);
};

/** Of a collection that succeeded. */
const setQuarantine = (column: string, value: string | null) =>
  nestor.dataSource.query(`UPDATE data_collections SET ${column} = $1 WHERE snapshot_version = 2`, [value]);

describe('artifacts that something refers to', () => {
  it('are kept: model versions, and the snapshots of a source with what they came from', async () => {
    await nestor.register('kept', identityModel('FP32'));
    await collect(client, 'kept', ['a:INT64'], 'a\n1\n');
    await collect(client, 'kept', ['a:INT64'], 'a\n2\n');
    const kept = [
      ...(await digestsOf('SELECT digest FROM model_versions')),
      ...(await digestsOf('SELECT artifact_digest AS digest FROM data_snapshots')),
      ...(await digestsOf('SELECT input_digest AS digest FROM data_collections')),
    ];
    expect(kept).toHaveLength(5);
    await nestor.dataSource.query("UPDATE data_collections SET ended_at = now() - interval '9 days'");
    await age();
    await sweeper.sweep();
    expect(await Promise.all(kept.map(isStored))).toEqual(kept.map(() => true));
    const expired = [
      ...(await digestsOf('SELECT artifact_digest AS digest FROM data_snapshots WHERE version = 1')),
      ...(await digestsOf('SELECT input_digest AS digest FROM data_collections WHERE snapshot_version = 1')),
    ];
    await nestor.dataSource.query('DELETE FROM data_snapshots WHERE version = 1');
    await sweeper.sweep();
    for (const digest of kept) expect(await isStored(digest)).toBe(!expired.includes(digest));
  });

  it('are kept while a collection runs, and for a while after it was rejected', async () => {
    await ask('mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { name } }', {
      input: {
        name: 'strict',
        kind: 'FILE',
        policy: 'REJECT',
        schema: { columns: [{ name: 'a', type: 'INT64' }] },
      },
    });
    const digest = await upload(Buffer.from('a\nx\n'));
    await ask('mutation ($input: CollectDataSourceInput!) { collectDataSource(input: $input) { id } }', {
      input: { source: 'strict', artifact: digest },
    });
    const states = async () =>
      digestsOf(`SELECT status AS digest FROM data_collections WHERE input_digest = '${digest}'`);
    await until(async () => (await states())[0] === 'REJECTED');
    await age();
    await sweeper.sweep();
    expect(await isStored(digest)).toBe(true);
    await nestor.dataSource.query("UPDATE data_collections SET ended_at = now() - interval '9 days'");
    await sweeper.sweep();
    expect(await isStored(digest)).toBe(false);
  });

  it('are kept: what batches and training sets were made of, and what came of them', async () => {
    const uploads = Array.from({ length: 5 }, () => upload(randomBytes(100)));
    const [input = '', output = '', labels = '', result = '', failed = ''] = await Promise.all(uploads);
    const { workspaceId } = nestor.context.actor;
    await nestor.dataSource.query(
      `INSERT INTO batch_inferences (id, workspace_id, model_version_id, model, version, input_digest, input_format,
         output_format, include_input, chunk_rows, priority, status, max_attempts, request_id, requested_by, rows_digest,
         output_digest, output_size_bytes, ended_at)
       VALUES (gen_random_uuid(), $1, gen_random_uuid(), 'kept', 1, $2, 'CSV', 'CSV', false, 1, 0, 'SUCCEEDED', 1, '', '{}',
         $2, $3, 100, now())`,
      [workspaceId, input, output],
    );
    const job = (status: string, file: string, made: object | null) =>
      nestor.dataSource.query(
        `INSERT INTO historical_features_jobs (id, workspace_id, features, labels, event_time_column, snapshots, status,
           max_attempts, request_id, requested_by, result, ended_at)
         VALUES (gen_random_uuid(), $1, '[]', $2, 'at', '[]', $3, 1, '', '{}', $4, now() - interval '9 days')`,
        [workspaceId, { kind: 'FILE', digest: file }, status, made],
      );
    await job('SUCCEEDED', labels, { resultDigest: result, sizeBytes: 100, rowCount: 1, preview: [] });
    await job('FAILED', failed, null);
    await age();
    await sweeper.sweep();
    for (const digest of [input, output, labels, result]) expect(await isStored(digest)).toBe(true);
    expect(await isStored(failed)).toBe(false);
    await nestor.dataSource.query('DELETE FROM batch_inferences');
    await sweeper.sweep();
    expect(await Promise.all([input, output, labels, result].map(isStored))).toEqual([false, false, true, true]);
  });

  it('are kept as quarantine until all of its rows were replayed', async () => {
    const digest = await upload(randomBytes(100));
    await setQuarantine('quarantine_digest', digest);
    await setQuarantine('open_quarantine_digest', digest);
    await age();
    await sweeper.sweep();
    expect(await isStored(digest)).toBe(true);
    await setQuarantine('open_quarantine_digest', null);
    await sweeper.sweep();
    expect(await isStored(digest)).toBe(false);
  });
});

describe('a sweep beside others', () => {
  it('makes an upload of what it deletes wait, which then stores it anew', async () => {
    const bytes = randomBytes(100);
    const digest = await upload(bytes);
    await nestor.dataSource.query('DELETE FROM artifacts WHERE digest = $1', [digest]);
    await age();
    let uploading: Promise<Digest> | undefined;
    await repository.forgetFile(digest, new Date(), async () => {
      uploading = upload(bytes);
      await isBlocked('INSERT INTO artifact_files');
      await store.delete(digest);
    });
    expect(await uploading).toBe(digest);
    expect([await known(digest), await isStored(digest)]).toEqual([{ workspaces: 1, files: 1 }, true]);
  });

  it('waits for a transaction that is about to refer to an artifact, and leaves it', async () => {
    const digest = await upload(randomBytes(100));
    await age();
    const forgotten = await nestor.dataSource.transaction(async (holding) => {
      await artifacts.hold(nestor.context, digest, holding);
      const { workspaceId } = nestor.context.actor;
      const before = new Date(Date.now() - 1_000);
      const forgetting = nestor.dataSource.transaction((forget) =>
        repository.forget(forget, workspaceId, [digest], before),
      );
      await isBlocked('WITH forgotten AS');
      return { forgetting };
    });
    expect(await forgotten.forgetting).toEqual([]);
    expect([await known(digest), await isStored(digest)]).toEqual([{ workspaces: 1, files: 1 }, true]);
  });

  it('loses no upload, whichever comes first', async () => {
    const bytes = randomBytes(100);
    for (let round = 0; round < 20; round += 1) {
      const digest = await upload(bytes);
      await age();
      await Promise.all([sweeper.sweep(), ...Array.from({ length: 4 }, () => upload(bytes))]);
      expect([await known(digest), await isStored(digest)]).toEqual([{ workspaces: 1, files: 1 }, true]);
    }
  });
});
