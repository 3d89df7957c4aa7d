import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditTrail } from './audit-trail.service.js';
import { AuditEventEntity } from './entities/audit-event.entity.js';
import { AuditWriterEntity } from './entities/audit-writer.entity.js';

/** Leaves audit events, in every process. Global, for there is no module whose work goes unaudited. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([AuditEventEntity, AuditWriterEntity])],
  providers: [AuditTrail],
  exports: [AuditTrail, TypeOrmModule],
})
export class AuditModule {}
