import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Repository } from 'typeorm';
import type { FileCounts } from './data-quality.js';
import { FileCountsEntity } from './entities/file-counts.entity.js';

@Injectable()
export class FileCountsRepository {
  constructor(@InjectRepository(FileCountsEntity) private readonly counts: Repository<FileCountsEntity>) {}

  /** What is known of files on this basis, by the ids of their snapshots. */
  async find(snapshotIds: readonly string[], basis: string): Promise<Map<string, FileCounts>> {
    const rows = await this.counts.findBy({ snapshotId: In([...snapshotIds]), basis });
    return new Map(rows.map(({ snapshotId, counts }) => [snapshotId, counts]));
  }

  async keep(row: FileCountsEntity): Promise<void> {
    await this.counts.upsert(row, ['snapshotId']);
  }
}
