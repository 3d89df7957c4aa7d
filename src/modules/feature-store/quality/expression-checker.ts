import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { DataEngineError } from '../engine/data-engine-error.js';
import { DataEngines } from '../engine/data-engines.js';
import { quoted, storedTypes } from '../engine/sql-text.js';
import type { DataSchema } from '../sources/data-source.js';
import type { ExpressionRule } from './data-quality.js';

/** Tells whether rules can be evaluated for rows of a schema. */
@Injectable()
export class ExpressionChecker {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly engines: DataEngines,
  ) {}

  /** @throws {CodedError} INVALID_EXPRESSION with the name of the first rule that cannot be. */
  async check({ columns }: DataSchema, rules: readonly ExpressionRule[]): Promise<void> {
    if (rules.length === 0) return;
    const control = { timeoutMs: this.settings.NESTOR_PREDICT_MAX_TIMEOUT_MS };
    await this.engines.use(async ({ engine }) => {
      const empty = columns.map(({ name, type }) => `CAST(NULL AS ${storedTypes[type]}) AS ${quoted(name)}`);
      for (const { name, expression } of rules) {
        try {
          const safe = await engine.checkExpression(expression, control);
          await engine.run(`SELECT 1 FROM (SELECT ${empty.join(', ')}) WHERE (${safe}) IS FALSE`, [], control);
        } catch (error) {
          throw refusal(name, error);
        }
      }
    });
  }
}

function refusal(rule: string, error: unknown): unknown {
  const isRefused =
    error instanceof DataEngineError || (error instanceof CodedError && error.code === 'INVALID_EXPRESSION');
  if (!isRefused) return error;
  return new CodedError('INVALID_EXPRESSION', `Rule ${rule}: ${error.message}`, { cause: error });
}
