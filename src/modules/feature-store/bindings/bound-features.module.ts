import { Module } from '@nestjs/common';
import { FeatureServingModule } from '../serving/feature-serving.module.js';
import { BoundFeatures } from './bound-features.js';

/** Inputs of models from features, for predictions by entity. */
@Module({ imports: [FeatureServingModule], providers: [BoundFeatures], exports: [BoundFeatures] })
export class BoundFeaturesModule {}
