import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Repository } from 'typeorm';
import { groupBy } from '../../../common/collections/group-by.js';
import { FeatureServiceVersionEntity } from './entities/feature-service-version.entity.js';
import { FeatureViewVersionEntity } from './entities/feature-view-version.entity.js';
import { FeatureViewRepository, type ListedFeatureView } from './feature-view.repository.js';

/** Part of a list by name. */
export interface NameRange {
  readonly first: number;
  readonly after: string | null;
}

/** Part of a list of versions, the newest first. */
export interface NumberRange {
  readonly first: number;
  readonly before: number | null;
}

type Kind = 'view' | 'service';

/** What belongs to definitions, of many of them by one query; by their ids, unless something else is said. */
@Injectable()
export class FeatureGraphRepository {
  constructor(
    @InjectRepository(FeatureServiceVersionEntity) private readonly services: Repository<FeatureServiceVersionEntity>,
    @InjectRepository(FeatureViewVersionEntity) private readonly versions: Repository<FeatureViewVersionEntity>,
    private readonly views: FeatureViewRepository,
  ) {}

  async versionsOfViews(workspaceId: string, viewIds: readonly string[], range: NumberRange) {
    return this.viewsOf(workspaceId, versionsStatement('view'), [viewIds, range.before, range.first]);
  }

  async versionsOfServices(workspaceId: string, serviceIds: readonly string[], range: NumberRange) {
    return this.servicesOf(workspaceId, versionsStatement('service'), [serviceIds, range.before, range.first]);
  }

  /** Views whose newest version reads a data source. */
  async viewsReadingSources(workspaceId: string, sourceIds: readonly string[], range: NameRange) {
    const statement = newestStatement('view', 'version.source_id = asked.key::uuid');
    return this.viewsOf(workspaceId, statement, [sourceIds, range.after, range.first]);
  }

  /** Views whose newest version reads a version of another one. */
  async viewsReadingVersions(workspaceId: string, versionIds: readonly string[], range: NameRange) {
    const statement = newestStatement('view', 'asked.key::uuid = ANY (version.view_version_ids)');
    return this.viewsOf(workspaceId, statement, [versionIds, range.after, range.first]);
  }

  /** Views whose newest version tells of an entity; by the names of the entities. */
  async viewsOfEntities(workspaceId: string, names: readonly string[], range: NameRange) {
    const statement = newestStatement('view', "version.definition -> 'entities' ? asked.key");
    return this.viewsOf(workspaceId, statement, [names, range.after, range.first]);
  }

  /** Services whose newest version has features of a version of a view. */
  async servicesUsingVersions(workspaceId: string, versionIds: readonly string[], range: NameRange) {
    const statement = newestStatement('service', 'asked.key::uuid = ANY (version.view_version_ids)');
    return this.servicesOf(workspaceId, statement, [versionIds, range.after, range.first]);
  }

  private async viewsOf(
    workspaceId: string,
    statement: string,
    parameters: readonly unknown[],
  ): Promise<Map<string, ListedFeatureView[]>> {
    const pairs = await this.pairsOf(workspaceId, statement, parameters);
    const ids = pairs.map(({ id }) => id);
    return grouped(pairs, await this.views.listVersions(workspaceId, ids));
  }

  private async servicesOf(
    workspaceId: string,
    statement: string,
    parameters: readonly unknown[],
  ): Promise<Map<string, FeatureServiceVersionEntity[]>> {
    const pairs = await this.pairsOf(workspaceId, statement, parameters);
    const ids = [...new Set(pairs.map(({ id }) => id))];
    const found = await this.services.findBy({ workspaceId, id: In(ids) });
    return grouped(pairs, new Map(found.map((version) => [version.id, version])));
  }

  private async pairsOf(
    workspaceId: string,
    statement: string,
    parameters: readonly unknown[],
  ): Promise<readonly Pair[]> {
    return this.versions.query(statement, [workspaceId, ...parameters]);
  }
}

/** What was asked for, and a version that belongs to it. */
interface Pair {
  readonly key: string;
  readonly id: string;
}

function grouped<Value>(pairs: readonly Pair[], found: ReadonlyMap<string, Value>): Map<string, Value[]> {
  const groups = groupBy(pairs, ({ key }) => key);
  return new Map([...groups].map(([key, group]) => [key, group.flatMap(({ id }) => found.get(id) ?? [])]));
}

const versionsStatement = (kind: Kind): string => `
  SELECT asked.key, found.id FROM unnest($2::text[]) AS asked(key)
  CROSS JOIN LATERAL (
    SELECT version.id, version.version FROM feature_${kind}_versions version
    WHERE version.workspace_id = $1 AND version.${kind}_id = asked.key::uuid
      AND ($3::integer IS NULL OR version.version < $3)
    ORDER BY version.version DESC LIMIT $4
  ) found
  ORDER BY found.version DESC`;

/** Newest versions of what was not deleted. @param condition of ours, over `version` and `asked.key` */
const newestStatement = (kind: Kind, condition: string): string => `
  SELECT asked.key, found.id FROM unnest($2::text[]) AS asked(key)
  CROSS JOIN LATERAL (
    SELECT version.id, owner.name FROM feature_${kind}s owner
    JOIN feature_${kind}_versions version
      ON version.${kind}_id = owner.id AND version.version = owner.newest_version
    WHERE owner.workspace_id = $1 AND owner.deleted_at IS NULL AND ($3::text IS NULL OR owner.name > $3)
      AND ${condition}
    ORDER BY owner.name LIMIT $4
  ) found
  ORDER BY found.name`;
