import { Module } from '@nestjs/common';
import { FeatureStoreCoreModule } from '../feature-store-core.module.js';
import { OnlineStoreModule } from '../online/online-store.module.js';
import { EntityHistories } from '../push/entity-histories.js';
import { OnlineFeatures } from './online-features.js';
import { ServingPlans } from './serving-plans.js';

/** Features online: reading them, and keeping what their windows look back at. */
@Module({
  imports: [FeatureStoreCoreModule, OnlineStoreModule],
  providers: [ServingPlans, OnlineFeatures, EntityHistories],
  exports: [OnlineFeatures, EntityHistories, OnlineStoreModule],
})
export class FeatureServingModule {}
