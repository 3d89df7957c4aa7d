import { Field, Float, ID, Int, ObjectType } from '@nestjs/graphql';
import { connectionOf } from '../../../../common/graphql/connection.js';
import type { DataSchema } from '../../sources/data-source.js';
import { DataSchemaType } from '../../sources/dto/data-source.type.js';
import type { ColumnStatistics } from '../column-statistics.js';
import type { NamedSnapshot, SnapshotDiff } from '../data-snapshot.service.js';

@ObjectType('ColumnStatistics', { description: 'What is known of the values of a column.' })
export class ColumnStatisticsType implements ColumnStatistics {
  @Field(() => String, { description: 'Name of the column.' })
  column!: string;

  @Field(() => Float, { description: 'Rows without a value.' })
  nulls!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'About how many different values there are; null for a sensitive column.',
  })
  distinct!: number | null;

  @Field(() => String, { nullable: true, description: 'Least value, as text; null where there is none to show.' })
  minimum!: string | null;

  @Field(() => String, { nullable: true, description: 'Greatest value, as text; null where there is none to show.' })
  maximum!: string | null;

  @Field(() => Float, { nullable: true, description: 'Mean of the finite numbers.' })
  mean!: number | null;

  @Field(() => Float, { nullable: true, description: 'Standard deviation of the finite numbers, as of a sample.' })
  standardDeviation!: number | null;
}

@ObjectType('DataSnapshot', { description: 'One version of the data of a source. It never changes.' })
export class DataSnapshotType {
  @Field(() => ID, { description: 'Id of the snapshot.' })
  readonly id: string;

  @Field(() => String, { description: 'Name of the source.' })
  readonly source: string;

  @Field(() => Int, { description: 'Number of the version, from 1.' })
  readonly version: number;

  @Field(() => Int, {
    nullable: true,
    description: 'The version that it follows, or that its rows are added to; null for the first.',
  })
  readonly parentVersion: number | null;

  @Field(() => Boolean, { description: 'Whether its rows are added to those of its parent: its file has only these.' })
  readonly isIncrement: boolean;

  @Field(() => ID, { description: 'Digest of its Parquet file; GET /api/artifacts/<digest> downloads it.' })
  readonly artifact: string;

  @Field(() => Float, { description: 'Size of that file, in bytes.' })
  readonly sizeBytes: number;

  @Field(() => String, {
    description: 'Digest of what the rows of the file say: the same for the same rows in any order.',
  })
  readonly contentDigest: string;

  @Field(() => Float, { description: 'Rows of its file.' })
  readonly rowCount: number;

  @Field(() => Float, { description: 'Rows of the source at this version: with those that it adds to.' })
  readonly totalRowCount: number;

  @Field(() => Int, { description: 'Number of columns.' })
  readonly columnCount: number;

  @Field(() => DataSchemaType, { description: 'The schema by which the rows were taken.' })
  readonly schema: DataSchema;

  @Field(() => [ColumnStatisticsType], { description: 'What is known of each column of the file, in order.' })
  readonly statistics: readonly ColumnStatistics[];

  @Field(() => ID, { description: 'Id of the collection that brought it.' })
  readonly collectionId: string;

  @Field(() => Date, { description: 'When it came about.' })
  readonly createdAt: Date;

  constructor({ source, snapshot }: NamedSnapshot) {
    this.id = snapshot.id;
    this.source = source;
    this.version = snapshot.version;
    this.parentVersion = snapshot.parentVersion;
    this.isIncrement = snapshot.isIncrement;
    this.artifact = snapshot.artifactDigest;
    this.sizeBytes = snapshot.sizeBytes;
    this.contentDigest = snapshot.contentDigest;
    this.rowCount = snapshot.rowCount;
    this.totalRowCount = snapshot.totalRowCount;
    this.columnCount = snapshot.schema.columns.length;
    this.schema = snapshot.schema;
    this.statistics = snapshot.statistics;
    this.collectionId = snapshot.collectionId;
    this.createdAt = snapshot.createdAt;
  }
}

@ObjectType({ description: 'A page of snapshots, newest first.' })
export class DataSnapshotConnection extends connectionOf(DataSnapshotType, 'DataSnapshot') {}

@ObjectType('DataSnapshotDiff', { description: 'How two snapshots of a source differ.' })
export class DataSnapshotDiffType {
  @Field(() => DataSnapshotType, { description: 'The one that was compared.' })
  readonly from: DataSnapshotType;

  @Field(() => DataSnapshotType, { description: 'The one that it was compared with.' })
  readonly to: DataSnapshotType;

  @Field(() => [String], { description: 'Columns that only the second has.' })
  readonly addedColumns: readonly string[];

  @Field(() => [String], { description: 'Columns that only the first has.' })
  readonly removedColumns: readonly string[];

  @Field(() => [String], { description: 'Columns whose type is another.' })
  readonly retypedColumns: readonly string[];

  @Field(() => Float, { description: 'Rows that only the second has: by key where there is one, else as a whole.' })
  readonly rowsAdded: number;

  @Field(() => Float, { description: 'Rows that only the first has.' })
  readonly rowsRemoved: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Rows of one key with other values in the columns that both have; null where no key tells rows apart.',
  })
  readonly rowsChanged: number | null;

  constructor({ from, to, ...difference }: SnapshotDiff) {
    this.from = new DataSnapshotType(from);
    this.to = new DataSnapshotType(to);
    this.addedColumns = difference.addedColumns;
    this.removedColumns = difference.removedColumns;
    this.retypedColumns = difference.retypedColumns;
    this.rowsAdded = difference.rowsAdded;
    this.rowsRemoved = difference.rowsRemoved;
    this.rowsChanged = difference.rowsChanged;
  }
}
