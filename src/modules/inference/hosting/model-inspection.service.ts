import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { type Digest, hexOfDigest } from '../../../common/storage/digest.js';
import { type ModelInspection, ModelInspector } from '../../registry/model-inspector.js';
import { inspectModel } from '../pool/inspect-model.js';
import { launchOptions } from './executor-launch.js';

/** Loads a model that wants to be registered in an executor of its own. */
@Injectable()
export class ModelInspectionService extends ModelInspector {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  override async inspect(path: string, digest: Digest): Promise<ModelInspection> {
    return inspectModel({ path, digest: hexOfDigest(digest) }, launchOptions(this.settings, this.logger));
  }
}
