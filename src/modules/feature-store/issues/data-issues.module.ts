import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataIssueFeed } from './data-issue-feed.js';
import { DataIssueRepository } from './data-issue.repository.js';
import { DataIssues } from './data-issues.js';
import { DataIssueEntity } from './entities/data-issue.entity.js';

/** Issues, for all that look at data. */
@Module({
  imports: [TypeOrmModule.forFeature([DataIssueEntity])],
  providers: [DataIssueRepository, DataIssueFeed, DataIssues],
  exports: [DataIssueRepository, DataIssueFeed, DataIssues],
})
export class DataIssuesModule {}
