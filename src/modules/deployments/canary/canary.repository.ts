import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { decodeCursor, invalidCursor, type Page, pageOf } from '../../../common/graphql/page.js';
import { DeploymentCanaryEntity } from '../entities/deployment-canary.entity.js';
import type { Canary } from './canary.js';

const SELECT = `
  SELECT canary.id, canary.workspace_id AS "workspaceId", canary.deployment_id AS "deploymentId",
    deployment.name AS deployment, canary.model, canary.version, canary.steps, canary.bake_seconds AS "bakeSeconds",
    canary.gates, canary.status, canary.step, canary.reason, canary.started_by AS "startedBy",
    canary.started_at AS "startedAt", canary.step_started_at AS "stepStartedAt", canary.ended_at AS "endedAt"
  FROM deployment_canaries canary JOIN deployments deployment ON deployment.id = canary.deployment_id`;

const KEY = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

@Injectable()
export class CanaryRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Those of all workspaces: the runner serves them all. */
  async running(): Promise<Canary[]> {
    return this.dataSource.query(`${SELECT} WHERE canary.status = 'RUNNING' ORDER BY canary.step_started_at`);
  }

  async find(manager: EntityManager, workspaceId: string, id: string): Promise<Canary | null> {
    const [found]: Canary[] = await manager.query(`${SELECT} WHERE canary.workspace_id = $1 AND canary.id = $2`, [
      workspaceId,
      id,
    ]);
    return found ?? null;
  }

  /** Those of the deployment of a name, newest first. */
  async page(workspaceId: string, deployment: string, size: number, after: string | undefined): Promise<Page<Canary>> {
    const [time, id] = after === undefined ? [null, null] : keysOf(after);
    const rows: Canary[] = await this.dataSource.query(
      `${SELECT} WHERE canary.workspace_id = $1 AND deployment.name = $2
         AND ($3::timestamptz IS NULL OR (canary.started_at, canary.id) < ($3, $4::uuid))
       ORDER BY canary.started_at DESC, canary.id DESC LIMIT $5`,
      [workspaceId, deployment, time, id, size + 1],
    );
    return pageOf(rows, size, ({ startedAt, id: key }) => [startedAt.toISOString(), key]);
  }

  async insert(manager: EntityManager, { deployment: _name, ...canary }: Canary): Promise<void> {
    await manager.insert(DeploymentCanaryEntity, { ...canary, steps: [...canary.steps] });
  }

  /** To be called with the canary's deployment locked. */
  async update(
    manager: EntityManager,
    { workspaceId, id, status, step, reason, stepStartedAt, endedAt }: Canary,
  ): Promise<void> {
    await manager.update(DeploymentCanaryEntity, { workspaceId, id }, { status, step, reason, stepStartedAt, endedAt });
  }
}

function keysOf(cursor: string): readonly [string, string] {
  const [time, id] = decodeCursor(cursor, 2).map(String);
  if (time === undefined || id === undefined || !KEY.test(`${time} ${id}`)) throw invalidCursor();
  return [time, id];
}
