import { Module } from '@nestjs/common';
import { FeatureStoreCoreModule } from '../feature-store-core.module.js';
import { DefinitionUseRepository } from './definition-use.repository.js';
import { ExpressionEngine } from './expression-engine.js';
import { FeatureEntityResolver } from './feature-entity.resolver.js';
import { FeatureEntityService } from './feature-entity.service.js';
import { FeatureGraphRepository } from './feature-graph.repository.js';
import { FeatureServiceResolver } from './feature-service.resolver.js';
import { FeatureServiceService } from './feature-service.service.js';
import { FeatureViewGraphResolver } from './feature-view-graph.resolver.js';
import {
  DataSourceViewsResolver,
  FeatureLookupResolver,
  ServiceFeatureResolver,
} from './feature-view-references.resolver.js';
import { FeatureViewResolver } from './feature-view.resolver.js';
import { FeatureViewService } from './feature-view.service.js';
import { FeatureLoaders } from './feature.loaders.js';
import { FeatureRepositoryPruning } from './repository/feature-repository-pruning.js';
import { FeatureRepositoryResolver } from './repository/feature-repository.resolver.js';
import { FeatureRepositoryService } from './repository/feature-repository.service.js';
import { SourceReaders } from './source-readers.js';
import { ViewGrounds } from './view-grounds.js';

/** Entities, feature views and feature services as clients define them. */
@Module({
  imports: [FeatureStoreCoreModule],
  providers: [
    DefinitionUseRepository,
    SourceReaders,
    ViewGrounds,
    ExpressionEngine,
    FeatureEntityService,
    FeatureEntityResolver,
    FeatureViewService,
    FeatureViewResolver,
    FeatureViewGraphResolver,
    FeatureServiceService,
    FeatureServiceResolver,
    ServiceFeatureResolver,
    FeatureLookupResolver,
    DataSourceViewsResolver,
    FeatureRepositoryPruning,
    FeatureRepositoryService,
    FeatureRepositoryResolver,
    FeatureGraphRepository,
    FeatureLoaders,
  ],
  exports: [SourceReaders, FeatureLoaders, FeatureGraphRepository],
})
export class FeatureDefinitionsModule {}
