import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { HealthChecks } from '../observability/health.js';

@Injectable()
class DatabaseReadiness implements OnModuleInit {
  constructor(
    @Inject(HealthChecks) private readonly checks: HealthChecks,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  onModuleInit(): void {
    this.checks.add('database', async () => {
      await this.dataSource.query('SELECT 1');
    });
  }
}

/** Makes readiness depend on the database. */
@Module({ providers: [DatabaseReadiness] })
export class DatabaseHealthModule {}
