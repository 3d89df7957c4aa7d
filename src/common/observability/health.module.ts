import { Global, Module } from '@nestjs/common';
import { HealthChecks } from './health.js';

@Global()
@Module({ providers: [HealthChecks], exports: [HealthChecks] })
export class HealthModule {}
