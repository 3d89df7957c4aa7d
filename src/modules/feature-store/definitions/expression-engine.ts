import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import type { DataEngine } from '../engine/data-engine.js';
import { DataEngines } from '../engine/data-engines.js';
import { hasExpressions, type TransformationDeclaration } from '../transformations/transformation-declaration.js';
import type { TransformationPipeline } from '../transformations/transformation-pipeline.js';
import { placedInTransformation } from './feature-view.rules.js';

/** Tells which columns transformations read. */
export type ColumnReader = (pipeline: TransformationPipeline) => Promise<ReadonlySet<string>>;

/** Has the engine check the SQL expressions of views when these are defined, and not when their rows are first read. */
@Injectable()
export class ExpressionEngine {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly engines: DataEngines,
  ) {}

  /**
   * Takes an engine where it is needed, before the work begins: who holds locks does not wait for one.
   * @param transformations all that the work may ask about
   */
  async use<Result>(
    transformations: readonly (TransformationDeclaration | null)[],
    work: (columnsRead: ColumnReader) => Promise<Result>,
  ): Promise<Result> {
    const isNeeded = transformations.some((declaration) => declaration !== null && hasExpressions(declaration));
    return isNeeded ? this.engines.use(({ engine }) => work(this.reader(engine))) : work(this.reader(null));
  }

  private reader(engine: DataEngine | null): ColumnReader {
    const control = { timeoutMs: this.settings.NESTOR_PREDICT_MAX_TIMEOUT_MS };
    return async (pipeline) => {
      try {
        return await pipeline.columnsRead(engine, control);
      } catch (error) {
        throw placedInTransformation(error);
      }
    };
  }
}
