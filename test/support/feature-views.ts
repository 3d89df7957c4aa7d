import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { FeatureServiceEntity } from '../../src/modules/feature-store/definitions/entities/feature-service.entity.js';
import { FeatureServiceVersionEntity } from '../../src/modules/feature-store/definitions/entities/feature-service-version.entity.js';
import { FeatureViewEntity } from '../../src/modules/feature-store/definitions/entities/feature-view.entity.js';
import { FeatureViewVersionEntity } from '../../src/modules/feature-store/definitions/entities/feature-view-version.entity.js';
import { FeatureServiceRepository } from '../../src/modules/feature-store/definitions/feature-service.repository.js';
import type { FeatureViewDefinition } from '../../src/modules/feature-store/definitions/feature-view.js';
import {
  FeatureViewRepository,
  type FeatureViewRecord,
} from '../../src/modules/feature-store/definitions/feature-view.repository.js';
import { transformationDeclaration } from '../../src/modules/feature-store/transformations/transformation-declaration.js';
import type { TypedColumn } from '../../src/modules/feature-store/value-types.js';

/** The tables of definitions, for a data source without Nest. */
export const definitionEntities = [
  FeatureViewEntity,
  FeatureViewVersionEntity,
  FeatureServiceEntity,
  FeatureServiceVersionEntity,
];

/** Steps of a transformation, as they are declared. */
export const stepsOf = (...steps: readonly object[]) => transformationDeclaration({ version: 1, steps });

/** A view of users' rows with one column, its only feature; a test names what it is about. */
export const viewDefinition = (changes: Partial<FeatureViewDefinition> = {}): FeatureViewDefinition => ({
  description: '',
  source: { kind: 'DATA_SOURCE', sourceId: randomUUID(), name: 'events' },
  entities: ['user'],
  keys: [{ name: 'user', type: 'STRING' }],
  columns: [
    { name: 'user', type: 'STRING' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'amount', type: 'FLOAT64' },
  ],
  eventTime: 'at',
  createdTime: null,
  ttlMs: null,
  features: featuresOf({ name: 'amount', type: 'FLOAT64' }),
  transformation: null,
  isOnline: true,
  ...changes,
});

export const featuresOf = (...columns: readonly TypedColumn[]) =>
  columns.map((column) => ({ ...column, description: '' }));

/** Definitions of one workspace, written as they are kept. */
export class Definitions {
  readonly views: FeatureViewRepository;
  readonly services: FeatureServiceRepository;

  constructor(
    private readonly dataSource: DataSource,
    readonly workspaceId: string,
  ) {
    this.views = new FeatureViewRepository(dataSource.getRepository(FeatureViewVersionEntity));
    this.services = new FeatureServiceRepository(dataSource.getRepository(FeatureServiceVersionEntity));
  }

  view(name: string, changes: Partial<FeatureViewDefinition> = {}): Promise<FeatureViewRecord> {
    const { workspaceId } = this;
    const added = { workspaceId, name, definition: viewDefinition(changes), createdBy: 'test' };
    return this.views.add(this.dataSource.manager, added);
  }

  /** Each feature of each view, called as it is there unless told. */
  async service(name: string, features: readonly (readonly [FeatureViewRecord, string, string?])[]): Promise<number> {
    const listed = features.map(([view, feature, as = feature]) => {
      const { id: viewVersionId, name: viewName, version: viewVersion } = view;
      return { viewVersionId, view: viewName, viewVersion, feature, as };
    });
    const { workspaceId } = this;
    const added = { workspaceId, name, description: '', features: listed, createdBy: 'test' };
    return (await this.services.add(this.dataSource.manager, added)).version;
  }
}
