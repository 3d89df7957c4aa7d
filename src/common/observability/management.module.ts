import { Controller, type DynamicModule, Get, Inject, Module, Res } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import type { FastifyReply } from 'fastify';
import { register } from 'prom-client';
import { Public } from '../access/access.decorators.js';
import { type HealthReport, HealthChecks } from './health.js';

@Controller('health')
class HealthController {
  constructor(@Inject(HealthChecks) private readonly checks: HealthChecks) {}

  /** The process answers; nothing else is asked. */
  @Public()
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** All that the process needs is there: 200, else 503 with what is missing. */
  @Public()
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    const report = await this.checks.report();
    void reply.code(report.status === 'ok' ? 200 : 503);
    return report;
  }
}

/** Metrics of the process are the process's, however many servers tell them; registering them twice is an error. */
const hasProcessMetrics = (): boolean => register.getSingleMetric('process_cpu_user_seconds_total') !== undefined;

/** What the management port serves: `/metrics`, `/health/live` and `/health/ready`. Never on the public port. */
@Module({})
export class ManagementModule {
  static forRoot(checks: HealthChecks): DynamicModule {
    return {
      module: ManagementModule,
      imports: [PrometheusModule.register({ path: '/metrics', defaultMetrics: { enabled: !hasProcessMetrics() } })],
      controllers: [HealthController],
      providers: [{ provide: HealthChecks, useValue: checks }],
    };
  }
}
