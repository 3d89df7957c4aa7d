import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { type PredictionCriteria, PredictionLogRepository } from './prediction-log.repository.js';

@Injectable()
export class PredictionLogService {
  constructor(
    private readonly repository: PredictionLogRepository,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async page(
    { actor }: ActorContext,
    criteria: PredictionCriteria,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<LoggedPrediction>> {
    const size = pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE);
    return this.repository.page(actor.workspaceId, criteria, size, after);
  }
}
