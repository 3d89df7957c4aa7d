import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { FileCountsEntity } from './entities/file-counts.entity.js';
import { QualityExpectationsEntity } from './entities/quality-expectations.entity.js';
import { QualityMeasurementEntity } from './entities/quality-measurement.entity.js';
import { QualityScheduleEntity } from './entities/quality-schedule.entity.js';
import { FileCountsRepository } from './file-counts.repository.js';
import { QualityScheduleRepository } from './quality-schedule.repository.js';
import { QualityRepository } from './quality.repository.js';

const providers = [QualityRepository, QualityScheduleRepository, FileCountsRepository];

/** The record of quality, for the api and the worker. */
@Module({
  imports: [
    TypeOrmModule.forFeature([
      QualityExpectationsEntity,
      QualityScheduleEntity,
      QualityMeasurementEntity,
      FileCountsEntity,
    ]),
  ],
  providers,
  exports: providers,
})
export class DataQualityModule {}
