import { Global, Module } from '@nestjs/common';
import { ModelInspector } from '../registry/model-inspector.js';
import { ModelInspectionService } from './hosting/model-inspection.service.js';

/** Binds the registry's port to executor processes; global, as the registry cannot import what lies above it. */
@Global()
@Module({
  providers: [{ provide: ModelInspector, useClass: ModelInspectionService }],
  exports: [ModelInspector],
})
export class ModelInspectionModule {}
