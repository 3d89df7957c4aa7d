import { Module } from '@nestjs/common';
import { FeatureStoreCoreModule } from '../feature-store-core.module.js';
import { OnlineStoreModule } from '../online/online-store.module.js';
import { OnlineFeatures } from './online-features.js';
import { ServingPlans } from './serving-plans.js';

/** Features online, for all who need them for a prediction. */
@Module({
  imports: [FeatureStoreCoreModule, OnlineStoreModule],
  providers: [ServingPlans, OnlineFeatures],
  exports: [OnlineFeatures, OnlineStoreModule],
})
export class FeatureServingModule {}
