import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { Counter } from 'prom-client';

const names = {
  artifacts: 'nestor_artifacts_expired_total',
  files: 'nestor_artifact_files_deleted_total',
  bytes: 'nestor_artifact_bytes_deleted_total',
} as const;

export const artifactSweepMetricProviders = [
  makeCounterProvider({ name: names.artifacts, help: 'Artifacts of workspaces that this worker deleted as unused.' }),
  makeCounterProvider({ name: names.files, help: 'Files that this worker deleted from the artifact store.' }),
  makeCounterProvider({ name: names.bytes, help: 'Bytes of these files.' }),
];

/** What this worker's sweeps deleted. */
@Injectable()
export class ArtifactSweepMetrics {
  constructor(
    @InjectMetric(names.artifacts) private readonly artifacts: Counter,
    @InjectMetric(names.files) private readonly files: Counter,
    @InjectMetric(names.bytes) private readonly bytes: Counter,
  ) {}

  expired(artifacts: number): void {
    this.artifacts.inc(artifacts);
  }

  deleted(sizeBytes: number): void {
    this.files.inc();
    this.bytes.inc(sizeBytes);
  }
}
