import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { decodeCursor, invalidCursor, type Page, pageOf } from '../../common/graphql/page.js';
import { MODEL_NAME } from '../registry/names.rules.js';
import { CANARY_NAME } from './variant.js';
import type { Deployment, DeploymentCriteria } from './deployment.js';
import { DeploymentEntity } from './entities/deployment.entity.js';
import { DeploymentRevisionEntity } from './entities/deployment-revision.entity.js';

const SELECT = `
  SELECT deployment.id, deployment.workspace_id AS "workspaceId", deployment.name, deployment.environment,
    deployment.description, deployment.created_by AS "createdBy", deployment.created_at AS "createdAt",
    deployment.canary_id AS "canaryId", live.revision, live.variants, live.logging, live.restores, live.reason, live.created_by AS "revisedBy",
    live.created_at AS "revisedAt"
  FROM deployments deployment JOIN deployment_revisions live ON live.deployment_id = deployment.id`;

const IS_LIVE =
  'deployment.workspace_id = $1 AND deployment.deleted_at IS NULL AND live.revision = deployment.revision';

/** Deployments and their revisions, always within a workspace. */
@Injectable()
export class DeploymentRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** All that are live. */
  async all(workspaceId: string): Promise<Deployment[]> {
    return this.dataSource.query(`${SELECT} WHERE ${IS_LIVE}`, [workspaceId]);
  }

  async find(workspaceId: string, name: string): Promise<Deployment | null> {
    if (!MODEL_NAME.test(name)) return null;
    const [found]: Deployment[] = await this.dataSource.query(`${SELECT} WHERE ${IS_LIVE} AND deployment.name = $2`, [
      workspaceId,
      name,
    ]);
    return found ?? null;
  }

  /** As `find`, with the deployment locked until the transaction ends, so that its changes follow each other. */
  async lock(manager: EntityManager, workspaceId: string, name: string): Promise<Deployment | null> {
    if (!MODEL_NAME.test(name)) return null;
    // Locked first and read then: a join under one lock would show the revision from before the wait.
    await manager.query(
      'SELECT 1 FROM deployments WHERE workspace_id = $1 AND name = $2 AND deleted_at IS NULL FOR UPDATE',
      [workspaceId, name],
    );
    const [found]: Deployment[] = await manager.query(`${SELECT} WHERE ${IS_LIVE} AND deployment.name = $2`, [
      workspaceId,
      name,
    ]);
    return found ?? null;
  }

  /** What was live under a name at a time. */
  async at(workspaceId: string, name: string, time: Date): Promise<Deployment | null> {
    if (!MODEL_NAME.test(name)) return null;
    const [found]: Deployment[] = await this.dataSource.query(
      `${SELECT}
       WHERE deployment.workspace_id = $1 AND deployment.name = $2 AND deployment.created_at <= $3
         AND (deployment.deleted_at IS NULL OR deployment.deleted_at > $3) AND live.created_at <= $3
       ORDER BY deployment.created_at DESC, live.revision DESC LIMIT 1`,
      [workspaceId, name, time],
    );
    return found ?? null;
  }

  /** The newest revision before another one; the steps of canaries do not count. */
  async before(manager: EntityManager, deployment: Deployment, revision: number): Promise<Deployment | null> {
    const [found]: Deployment[] = await manager.query(
      `${SELECT}
       WHERE deployment.workspace_id = $1 AND deployment.id = $2 AND live.revision < $3 AND NOT live.variants @> $4::jsonb
       ORDER BY live.revision DESC LIMIT 1`,
      [deployment.workspaceId, deployment.id, revision, JSON.stringify([{ name: CANARY_NAME }])],
    );
    return found ?? null;
  }

  /** By name. */
  async page(
    workspaceId: string,
    criteria: DeploymentCriteria,
    size: number,
    after: string | undefined,
  ): Promise<Page<Deployment>> {
    const parameters: unknown[] = [workspaceId];
    const conditions = [IS_LIVE];
    const where = (condition: (parameter: string) => string, value: unknown) => {
      parameters.push(value);
      conditions.push(condition(`$${parameters.length}`));
    };
    const { environment, nameContains, model } = criteria;
    if (environment !== undefined) where((value) => `deployment.environment = ${value}`, environment);
    if (nameContains !== undefined) {
      where((value) => `deployment.name ILIKE ${value}`, `%${nameContains.replaceAll(/[\\%_]/g, '\\$&')}%`);
    }
    if (model !== undefined) where((value) => `live.variants @> ${value}::jsonb`, JSON.stringify([{ model }]));
    if (after !== undefined) where((value) => `deployment.name > ${value}`, nameOf(after));
    parameters.push(size + 1);
    const rows: Deployment[] = await this.dataSource.query(
      `${SELECT} WHERE ${conditions.join(' AND ')} ORDER BY deployment.name LIMIT $${parameters.length}`,
      parameters,
    );
    return pageOf(rows, size, ({ name }) => [name]);
  }

  async insert(manager: EntityManager, deployment: Deployment): Promise<void> {
    const { id, workspaceId, name, environment, description, revision, canaryId, createdBy, createdAt } = deployment;
    const row = { id, workspaceId, name, environment, description, revision, canaryId, createdBy, createdAt };
    await manager.insert(DeploymentEntity, { ...row, deletedAt: null });
    await this.insertRevision(manager, deployment);
  }

  /** Makes a further revision the one that is live. The deployment must have been locked. */
  async advance(manager: EntityManager, next: Deployment): Promise<void> {
    const { id, workspaceId, revision, description, canaryId } = next;
    await manager.update(DeploymentEntity, { workspaceId, id }, { revision, description, canaryId });
    await this.insertRevision(manager, next);
  }

  async delete(manager: EntityManager, { workspaceId, id }: Deployment, at: Date): Promise<void> {
    await manager.update(DeploymentEntity, { workspaceId, id }, { deletedAt: at });
  }

  private async insertRevision(manager: EntityManager, deployment: Deployment): Promise<void> {
    const { id, workspaceId, revision, variants, logging, restores, reason, revisedBy, revisedAt } = deployment;
    await manager.insert(DeploymentRevisionEntity, {
      deploymentId: id,
      workspaceId,
      revision,
      variants: [...variants],
      logging,
      restores,
      reason,
      createdBy: revisedBy,
      createdAt: revisedAt,
    });
  }
}

function nameOf(cursor: string): string {
  const [name] = decodeCursor(cursor, 1);
  if (typeof name !== 'string' || !MODEL_NAME.test(name)) throw invalidCursor();
  return name;
}
