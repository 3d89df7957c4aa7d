import { Injectable } from '@nestjs/common';
import { Remembered } from '../../../common/concurrency/remembered.js';
import type { DataIssueKind } from './data-issue.js';
import { DataIssueRepository } from './data-issue.repository.js';

/** However many ask, the database is asked this seldom, in milliseconds. */
const FRESH_MS = 5_000;

/** Counts of open issues for the metrics: a few seconds old, and those of before while nothing can be read. */
@Injectable()
export class OpenIssues {
  private readonly counts: Remembered<ReadonlyMap<DataIssueKind, number>>;

  constructor(issues: DataIssueRepository) {
    this.counts = new Remembered(FRESH_MS, () => issues.countOpen());
  }

  /** Null where they were never read. */
  async byKind(): Promise<ReadonlyMap<DataIssueKind, number> | null> {
    return this.counts.get();
  }
}
