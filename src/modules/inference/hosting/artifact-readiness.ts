import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HealthChecks } from '../../../common/observability/health.js';
import { ArtifactStore } from '../../../common/storage/artifact-store.js';
import { digestOfHex } from '../../../common/storage/digest.js';

/** Any digest will do: what matters is that the store answers. */
const PROBE = digestOfHex('0'.repeat(64));

/** A worker that cannot reach the artifact store gets no model that it does not hold already. */
@Injectable()
export class ArtifactReadiness implements OnModuleInit {
  constructor(
    private readonly checks: HealthChecks,
    private readonly store: ArtifactStore,
  ) {}

  onModuleInit(): void {
    this.checks.add('artifacts', async () => {
      await this.store.stat(PROBE);
    });
  }
}
