import { Field, Int, ObjectType } from '@nestjs/graphql';
import type { NamedSnapshot } from '../../source-snapshots.js';

@ObjectType('UsedSnapshot', { description: 'A snapshot that something was made of.' })
export class UsedSnapshotType {
  @Field(() => String, { description: 'Name that the data source had then.' })
  readonly source: string;

  @Field(() => Int, { description: 'Number of the version. The versions that it adds to were read, too.' })
  readonly version: number;

  readonly sourceId: string;

  constructor({ source, sourceId, version }: NamedSnapshot) {
    this.source = source;
    this.sourceId = sourceId;
    this.version = version;
  }
}
