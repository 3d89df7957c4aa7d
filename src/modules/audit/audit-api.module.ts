import { Module } from '@nestjs/common';
import { AuditEventRepository } from './audit-event.repository.js';
import { AuditModule } from './audit.module.js';
import { AuditResolver } from './audit.resolver.js';
import { FailedMutationsPlugin } from './failed-mutations.plugin.js';
import { AuditService } from './audit.service.js';

/** Lets the trail be read, in the api. */
@Module({
  imports: [AuditModule],
  providers: [AuditEventRepository, AuditService, AuditResolver, FailedMutationsPlugin],
})
export class AuditApiModule {}
