import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { FeatureViewEntity } from './entities/feature-view.entity.js';
import { FeatureViewVersionEntity } from './entities/feature-view-version.entity.js';
import { type ListedFeatureView, NEWEST, listedOf } from './feature-view.repository.js';

/** Who uses what by now: newest versions of what was not deleted. Asked before something goes away. */
@Injectable()
export class DefinitionUseRepository {
  async viewsReadingSource(
    manager: EntityManager,
    workspaceId: string,
    sourceId: string,
  ): Promise<readonly ListedFeatureView[]> {
    const rows = await manager
      .createQueryBuilder(FeatureViewVersionEntity, 'version')
      .innerJoin(FeatureViewEntity, 'view', NEWEST)
      .where('version.workspaceId = :workspaceId AND version.sourceId = :sourceId', { workspaceId, sourceId })
      .orderBy('version.name')
      .getMany();
    return rows.map(listedOf);
  }

  /** The names of other views that read any version of a view. */
  async viewsReadingView(manager: EntityManager, workspaceId: string, viewId: string): Promise<string[]> {
    return namesOf(manager, usersOf('feature_view', 'view_id'), [workspaceId, viewId]);
  }

  /** The names of services with features of any version of a view. */
  async servicesUsingView(manager: EntityManager, workspaceId: string, viewId: string): Promise<string[]> {
    return namesOf(manager, usersOf('feature_service', 'service_id'), [workspaceId, viewId]);
  }

  /** The names of views whose rows tell of an entity. */
  async viewsOfEntity(manager: EntityManager, workspaceId: string, name: string): Promise<string[]> {
    const statement = `
      SELECT view.name FROM feature_views view
      JOIN feature_view_versions version ON version.view_id = view.id AND version.version = view.newest_version
      WHERE view.workspace_id = $1 AND view.deleted_at IS NULL AND version.definition -> 'entities' ? $2
      ORDER BY view.name`;
    return namesOf(manager, statement, [workspaceId, name]);
  }
}

const usersOf = (kind: 'feature_view' | 'feature_service', key: 'view_id' | 'service_id'): string => `
  SELECT owner.name FROM ${kind}s owner
  JOIN ${kind}_versions version ON version.${key} = owner.id AND version.version = owner.newest_version
  WHERE owner.workspace_id = $1 AND owner.deleted_at IS NULL
    AND version.view_version_ids && ARRAY(SELECT id FROM feature_view_versions WHERE view_id = $2)
  ORDER BY owner.name`;

async function namesOf(manager: EntityManager, statement: string, parameters: readonly string[]): Promise<string[]> {
  const rows: readonly { name: string }[] = await manager.query(statement, [...parameters]);
  return rows.map(({ name }) => name);
}
