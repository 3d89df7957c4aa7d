import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '../../../common/observability/logger.js';
import { digestOfHex } from '../../../common/storage/digest.js';
import { ModelServings } from '../../registry/serving/model-servings.service.js';
import { type FilePlan, filePlans } from './file-plan.rules.js';

/** What this worker knows of what is to be done with model files. Without the database it goes on with what it knew. */
@Injectable()
export class FilePlans {
  private plans: readonly FilePlan[] = [];

  constructor(
    private readonly servings: ModelServings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  get known(): readonly FilePlan[] {
    return this.plans;
  }

  async read(): Promise<void> {
    try {
      this.plans = filePlans(await this.servings.files());
    } catch (err) {
      this.logger.warn({ err }, 'what models are to be kept loaded cannot be read; going on with what is known');
    }
  }

  /** Asks the database each time: a model is loaded seldom, and what was just said of it must count. */
  async of(digest: string): Promise<FilePlan | undefined> {
    try {
      return filePlans(await this.servings.files(digestOfHex(digest)))[0];
    } catch {
      return this.plans.find((plan) => plan.digest === digest);
    }
  }
}
