import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Variant } from '../variant.js';
import type { VariantResults } from './variant-results.js';
import { versionFaults } from './version-faults.rules.js';

interface Row {
  readonly variant: string;
  readonly model: string;
  readonly version: number;
  readonly predictions: number;
  readonly faults: number;
  readonly p99Ms: number | null;
  readonly count: number;
  readonly mean: number | null;
  readonly variance: number | null;
  readonly isBinary: boolean;
}

const nothing: VariantResults = {
  predictions: 0,
  faults: 0,
  p99Ms: null,
  rewards: { count: 0, mean: 0, variance: 0, isBinary: true },
};

@Injectable()
export class VariantResultsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Results of a deployment since a time; to be asked variant by variant. A label is worth 1 where it was predicted and
   * else 0, for a shadow as well; a reward is only of what was answered.
   */
  async of(workspaceId: string, deploymentId: string, since: Date): Promise<(variant: Variant) => VariantResults> {
    const rows: Row[] = await this.dataSource.query(
      `SELECT logged.variant, logged.model, logged.version, count(*)::int AS predictions,
         count(*) FILTER (WHERE logged.error_code = ANY($4))::int AS faults,
         percentile_cont(0.99) WITHIN GROUP (ORDER BY logged.latency_ms) FILTER (WHERE logged.error_code IS NULL) AS "p99Ms",
         count(worth.value)::int AS count, avg(worth.value) AS mean, var_samp(worth.value) AS variance,
         coalesce(bool_and(worth.value IN (0, 1)), true) AS "isBinary"
       FROM prediction_log logged
       LEFT JOIN prediction_feedback feedback
         ON feedback.prediction_id = coalesce(logged.primary_id, logged.id) AND feedback.workspace_id = $1
       CROSS JOIN LATERAL (SELECT CASE
         WHEN feedback.label IS NOT NULL THEN (logged.label = feedback.label)::int::float8
         WHEN logged.primary_id IS NULL THEN feedback.reward END AS value) worth
       WHERE logged.workspace_id = $1 AND logged.deployment_id = $2 AND logged.created_at >= $3
       GROUP BY logged.variant, logged.model, logged.version`,
      [workspaceId, deploymentId, since, [...versionFaults]],
    );
    const byVariant = new Map(rows.map((row) => [keyOf(row.variant, row.model, row.version), resultsOf(row)]));
    return ({ name, model, version }) => byVariant.get(keyOf(name, model, version)) ?? nothing;
  }
}

const keyOf = (variant: string, model: string, version: number) => `${variant}\n${model}\n${version}`;

const resultsOf = ({ predictions, faults, p99Ms, count, mean, variance, isBinary }: Row): VariantResults => ({
  predictions,
  faults,
  p99Ms,
  rewards: { count, mean: mean ?? 0, variance: variance ?? 0, isBinary },
});
