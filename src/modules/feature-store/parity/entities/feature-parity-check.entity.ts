import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ParityReport } from '../parity-report.js';

const moment = { type: 'timestamptz', precision: 3 } as const;

/** When a view is looked at next, and what was found last. */
@Entity('feature_parity_checks')
export class FeatureParityCheckEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_feature_parity_checks' })
  viewId!: string;

  @Column(moment)
  dueAt!: Date;

  /** Null before it was looked at. */
  @Column('jsonb', { nullable: true })
  report!: ParityReport | null;

  @Column({ ...moment, nullable: true })
  checkedAt!: Date | null;
}
