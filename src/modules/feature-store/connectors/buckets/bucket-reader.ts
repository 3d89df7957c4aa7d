import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { OutboundHosts } from '../../../../common/outbound/outbound-hosts.js';
import type { StatementControl } from '../../engine/data-engine.js';
import type { Workbench } from '../../engine/data-engines.js';
import { ACCESS_KEY_SECRET } from '../../sources/connections/bucket-location.js';
import type { BucketConnection } from '../../sources/connections/file-connection.js';
import { SourceSecrets } from '../../sources/source-secrets.js';
import { HttpSession } from '../api/http-session.js';
import type { BatchRequest } from '../connector.js';
import { FoundFilesReader } from '../found-files-reader.js';
import type { StagedBatch } from '../staged-batch.js';
import { BucketSession } from './bucket-session.js';

/** Finds the files of a bucket. */
@Injectable()
export class BucketReader {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly hosts: OutboundHosts,
    private readonly secrets: SourceSecrets,
    private readonly files: FoundFilesReader,
  ) {}

  /**
   * @throws {CodedError} INVALID_FILE, SOURCE_FAILED, SERVICE_UNAVAILABLE, DEADLINE_EXCEEDED, ADDRESS_REFUSED,
   * SECRET_UNREADABLE, NOT_FOUND for a secret that is not there; QUERY_LIMIT_EXCEEDED, CANCELLED.
   */
  async stage(
    workbench: Workbench,
    { bucket, pattern, ...format }: BucketConnection,
    request: BatchRequest,
    control: StatementControl,
  ): Promise<StagedBatch> {
    const { accessKeyId: id } = bucket;
    const key = id === null ? null : { id, secret: this.secrets.read(request.source, ACCESS_KEY_SECRET) };
    const { NESTOR_SOURCE_TIMEOUT_MS: requestTimeoutMs, NESTOR_SOURCE_PAGE_MAX_BYTES: maxBodyBytes } = this.settings;
    const signal = control.signal ?? new AbortController().signal;
    const http = new HttpSession(this.hosts, { requestTimeoutMs, maxBodyBytes }, signal);
    try {
      const found = await new BucketSession(http, bucket, key).find(pattern);
      return await this.files.stage(workbench, found, format, request, control);
    } finally {
      http.close();
    }
  }
}
