import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { JsonObject } from '../../../../common/json/json-object.js';

/** Up to where a source was read, as its connector puts it. Apart from the source, which is read far more often. */
@Entity('data_source_cursors')
export class SourceCursorEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_source_cursors' })
  sourceId!: string;

  @Column('jsonb')
  cursor!: JsonObject;

  @Column({ type: 'timestamptz', precision: 3 })
  updatedAt!: Date;
}
