import { makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { dataIssueKinds } from './data-issue.js';
import { OpenIssues } from './open-issues.js';

/** The same in every worker, so that a query takes the maximum, not the sum. */
export const openIssuesMetricProviders = [
  makeGaugeProvider({
    name: 'nestor_data_issues',
    help: 'Data issues that are not resolved, by what found them.',
    labelNames: ['kind'],
    inject: [OpenIssues],
    async collect(this: Gauge, issues: OpenIssues) {
      const counts = await issues.byKind();
      for (const kind of dataIssueKinds) if (counts !== null) this.set({ kind }, counts.get(kind) ?? 0);
    },
  }),
];
