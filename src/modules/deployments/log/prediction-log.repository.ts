import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { decodeCursor, invalidCursor, type Page, pageOf } from '../../../common/graphql/page.js';
import type { VariantRole } from '../variant.js';
import type { LoggedPrediction, PredictionEntry } from './logged-prediction.js';
import { writeFeatures, writePayload } from './payload.rules.js';

export interface PredictionCriteria {
  /** Name of the deployment. */
  readonly deployment?: string | undefined;
  readonly variant?: string | undefined;
  readonly role?: VariantRole | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

const SELECT = `
  SELECT id, workspace_id AS "workspaceId", deployment_id AS "deploymentId", deployment, variant, role, model, version,
    request_id AS "requestId", primary_id AS "primaryId", latency_ms AS "latencyMs", error_code AS "errorCode", sampled,
    inputs, outputs, features, label, created_at AS "createdAt"
  FROM prediction_log`;

const IDS_OF = 'SELECT id FROM deployments WHERE workspace_id = $1 AND name =';

@Injectable()
export class PredictionLogRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Writes many in one statement; one that is there already is left as it is. */
  async insertAll(entries: readonly PredictionEntry[]): Promise<void> {
    const column = <Key extends keyof PredictionEntry>(key: Key) => entries.map((entry) => entry[key]);
    const payloads = entries.map(({ payload }) => writePayload(payload));
    await this.dataSource.query(
      `INSERT INTO prediction_log (id, workspace_id, deployment_id, deployment, variant, role, model, version, request_id,
         primary_id, latency_ms, error_code, sampled, created_at, inputs, outputs, features, label)
       SELECT id, workspace_id, deployment_id, deployment, variant, role, model, version, request_id,
         primary_id, latency_ms, error_code, sampled, created_at, inputs::json, outputs::json, features::json, label
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[],
         $9::text[], $10::uuid[], $11::float8[], $12::text[], $13::boolean[], $14::timestamptz[], $15::text[],
         $16::text[], $17::text[], $18::text[])
         AS given (id, workspace_id, deployment_id, deployment, variant, role, model, version, request_id, primary_id,
           latency_ms, error_code, sampled, created_at, inputs, outputs, features, label)
       ON CONFLICT (id) DO NOTHING`,
      [
        column('id'),
        column('workspaceId'),
        column('deploymentId'),
        column('deployment'),
        column('variant'),
        column('role'),
        column('model'),
        column('version'),
        column('requestId'),
        column('primaryId'),
        column('latencyMs'),
        column('errorCode'),
        column('sampled'),
        column('createdAt'),
        payloads.map(({ inputs }) => inputs),
        payloads.map(({ outputs }) => outputs),
        entries.map(({ features, payload }) => writeFeatures(features, payload !== null)),
        payloads.map(({ label }) => label),
      ],
    );
  }

  async find(workspaceId: string, id: string): Promise<LoggedPrediction | null> {
    if (!UUID.test(id)) return null;
    const [found]: LoggedPrediction[] = await this.dataSource.query(`${SELECT} WHERE workspace_id = $1 AND id = $2`, [
      workspaceId,
      id,
    ]);
    return found ?? null;
  }

  /** Newest first. */
  async page(
    workspaceId: string,
    { deployment, variant, role, since, until }: PredictionCriteria,
    size: number,
    after: string | undefined,
  ): Promise<Page<LoggedPrediction>> {
    const parameters: unknown[] = [workspaceId];
    const conditions = ['workspace_id = $1'];
    const where = (condition: (parameter: string) => string, value: unknown) => {
      parameters.push(value);
      conditions.push(condition(`$${parameters.length}`));
    };
    if (deployment !== undefined) {
      // By id, which is what the index goes by; a deleted deployment of the same name counts as well.
      where((value) => `deployment_id IN (${IDS_OF} ${value})`, deployment);
    }
    if (variant !== undefined) where((value) => `variant = ${value}`, variant);
    if (role !== undefined) where((value) => `role = ${value}`, role);
    if (since !== undefined) where((value) => `created_at >= ${value}`, since);
    if (until !== undefined) where((value) => `created_at < ${value}`, until);
    if (after !== undefined) {
      const { createdAt, id } = readCursor(after);
      parameters.push(createdAt, id);
      conditions.push(`(created_at, id) < ($${parameters.length - 1}, $${parameters.length})`);
    }
    parameters.push(size + 1);
    const rows: LoggedPrediction[] = await this.dataSource.query(
      `${SELECT} WHERE ${conditions.join(' AND ')} ORDER BY created_at DESC, id DESC LIMIT $${parameters.length}`,
      parameters,
    );
    return pageOf(rows, size, ({ createdAt, id }) => [createdAt.toISOString(), id]);
  }

  /** Deletes so many of those that are older, with their feedback. @returns how many. */
  async deleteOlderThan(days: number, limit: number): Promise<number> {
    const [row]: { count: number }[] = await this.dataSource.query(
      `WITH old AS (
         SELECT id FROM prediction_log WHERE created_at < now() - $1 * interval '1 day' LIMIT $2 FOR UPDATE SKIP LOCKED),
       gone AS (DELETE FROM prediction_feedback USING old WHERE prediction_id = old.id),
       removed AS (DELETE FROM prediction_log USING old WHERE prediction_log.id = old.id RETURNING 1)
       SELECT count(*)::int AS count FROM removed`,
      [days, limit],
    );
    return row?.count ?? 0;
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function readCursor(after: string): { createdAt: Date; id: string } {
  const [time, id] = decodeCursor(after, 2);
  const createdAt = new Date(String(time));
  if (Number.isNaN(createdAt.getTime()) || !UUID.test(String(id))) throw invalidCursor();
  return { createdAt, id: String(id) };
}
