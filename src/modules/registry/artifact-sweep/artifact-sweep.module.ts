import { type DynamicModule, Module } from '@nestjs/common';
import { type ArtifactReference, ArtifactReferences } from './artifact-reference.js';
import { artifactSweepMetricProviders, ArtifactSweepMetrics } from './artifact-sweep-metrics.js';
import { ArtifactSweepRepository } from './artifact-sweep.repository.js';
import { ArtifactSweeper } from './artifact-sweeper.js';

/** Deletes artifacts that nothing refers to. The composition root says what may refer to them. */
@Module({})
export class ArtifactSweepModule {
  static forRoot(references: readonly ArtifactReference[]): DynamicModule {
    return {
      module: ArtifactSweepModule,
      providers: [
        { provide: ArtifactReferences, useValue: new ArtifactReferences(references) },
        ArtifactSweepRepository,
        ...artifactSweepMetricProviders,
        ArtifactSweepMetrics,
        ArtifactSweeper,
      ],
    };
  }
}
