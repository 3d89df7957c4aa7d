import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { JsonPath } from '../../../common/json/json-path.js';
import { dataSourceNotFound } from '../sources/data-source-name.rules.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';
import type { TransformationDeclaration } from '../transformations/transformation-declaration.js';
import type { DeclaredFeatureView, DeclaredView } from './declared-definitions.js';
import { definitionError } from './definition-error.js';
import { definitionNotFound } from './definition-names.rules.js';
import type { FeatureEntity } from './feature-entity.js';
import { FeatureEntityRepository } from './feature-entity.repository.js';
import type { ViewGround } from './feature-view-binding.rules.js';
import { type ListedFeatureView, FeatureViewRepository } from './feature-view.repository.js';
import { onDemandGround, upstreamGround } from './view-grounds.rules.js';

/** Most views that read each other in a row: an engine nests their rows as deeply. */
const MAX_UPSTREAM = 32;

/** Where a view is to be found. */
interface Place {
  readonly manager: EntityManager;
  readonly workspaceId: string;
}

/** Finds what declared views stand on, by the names that they give. */
@Injectable()
export class ViewGrounds {
  constructor(
    private readonly sources: DataSourceRepository,
    private readonly entities: FeatureEntityRepository,
    private readonly views: FeatureViewRepository,
  ) {}

  /**
   * @param viewId of the view's versions so far; undefined where it is new
   * @throws {CodedError} NOT_FOUND where there is no such source, view, version or entity, INVALID_INPUT
   */
  async find(
    place: Place,
    view: DeclaredFeatureView,
    viewId: string | undefined,
    transformation: TransformationDeclaration | null,
  ): Promise<ViewGround> {
    const entities = await this.entitiesOf(place, view.entities);
    const { source } = view;
    const common = { entities, transformation };
    if (source.kind === 'DATA_SOURCE') {
      const found = await this.sources.find(place.workspaceId, source.name, place.manager);
      if (found === null) throw definitionError(['source'], problemOf(dataSourceNotFound(source.name)), 'NOT_FOUND');
      const { columns, eventTimeColumn } = found.schema;
      const reference = { kind: source.kind, sourceId: found.id, name: found.name };
      return { ...common, source: reference, columns, eventTime: eventTimeColumn, createdTime: null };
    }
    if (source.kind === 'FEATURE_VIEW') {
      const [upstream] = await this.viewsOf(place, [source], () => ['source']);
      if (upstream === undefined) throw new TypeError('A view that was found is not there.');
      await this.assertNoCycle(place, viewId, [upstream], ['source']);
      return { ...common, ...upstreamGround(upstream) };
    }
    const looked = await this.viewsOf(place, source.features, (index) => ['source', 'features', index]);
    await this.assertNoCycle(place, viewId, looked, ['source', 'features']);
    return { ...common, ...onDemandGround(source, looked) };
  }

  /** The versions in the order in which they are asked for. @throws {CodedError} NOT_FOUND */
  async viewsOf(
    { manager, workspaceId }: Place,
    wanted: readonly DeclaredView[],
    pathOf: (index: number) => JsonPath,
  ): Promise<ListedFeatureView[]> {
    const found = await this.views.list(workspaceId, wanted, manager);
    return wanted.map(({ view, version }, index) => {
      const record = found[index];
      if (record != null) return record;
      const problem =
        version === null
          ? problemOf(definitionNotFound('feature view', view))
          : `there is no version ${version} of a feature view ${JSON.stringify(view.slice(0, 128))} in this workspace`;
      throw definitionError(pathOf(index), problem, 'NOT_FOUND');
    });
  }

  private async entitiesOf({ manager, workspaceId }: Place, names: readonly string[]): Promise<FeatureEntity[]> {
    const found = await this.entities.findAll(workspaceId, names, manager);
    return names.map((name, index) => {
      const entity = found.get(name);
      if (entity !== undefined) return entity;
      throw definitionError(['entities', index], problemOf(definitionNotFound('feature entity', name)), 'NOT_FOUND');
    });
  }

  /** Versions cannot read each other in a circle, but views could by way of their versions; nobody would follow that. */
  private async assertNoCycle(
    { manager, workspaceId }: Place,
    viewId: string | undefined,
    read: readonly ListedFeatureView[],
    path: JsonPath,
  ): Promise<void> {
    let level = read;
    for (let depth = 1; level.length > 0; depth += 1) {
      const itself = level.find((version) => version.viewId === viewId);
      if (itself !== undefined) {
        throw definitionError(path, `feature view ${itself.name} would read itself, if by way of others`);
      }
      if (depth > MAX_UPSTREAM) throw definitionError(path, `more than ${MAX_UPSTREAM} views read each other in a row`);
      const ids = new Set(level.flatMap(({ viewVersionIds }) => viewVersionIds));
      level = [...(await this.views.listVersions(workspaceId, [...ids], manager)).values()];
    }
  }
}

/** What an error says, to be said with a path. */
const problemOf = ({ message }: Error): string =>
  `${message.slice(0, 1).toLowerCase()}${message.slice(1).replace(/\.$/, '')}`;
