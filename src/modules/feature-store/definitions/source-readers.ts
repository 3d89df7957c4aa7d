import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { DataSchema } from '../sources/data-source.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import { DefinitionUseRepository } from './definition-use.repository.js';
import { lockDefinitions } from './definitions-lock.js';
import { brokenColumns } from './source-readers.rules.js';

/**
 * Keeps data sources from being taken away from the feature views that read them. To be asked in the transaction of the
 * change, which locks the definitions: what is told here holds until it commits.
 */
@Injectable()
export class SourceReaders {
  constructor(private readonly use: DefinitionUseRepository) {}

  /** @throws {CodedError} CONFLICT where the newest version of a view reads the source. */
  async assertNone(manager: EntityManager, source: DataSourceEntity): Promise<void> {
    const views = await this.viewsOf(manager, source);
    if (views.length === 0) return;
    const names = views.map(({ name }) => name).join(', ');
    throw new CodedError(
      'CONFLICT',
      `Feature views read the data source ${source.name}: ${names}. Change or delete these first.`,
    );
  }

  /** @throws {CodedError} CONFLICT where the schema lacks what the newest version of a view reads. */
  async assertServed(manager: EntityManager, source: DataSourceEntity, schema: DataSchema): Promise<void> {
    const views = await this.viewsOf(manager, source);
    const broken = views.flatMap(({ name, columns }) => {
      const problems = brokenColumns(columns, schema.columns);
      return problems.length === 0 ? [] : [`${name} reads ${problems.join(', ')}`];
    });
    if (broken.length === 0) return;
    throw new CodedError(
      'CONFLICT',
      `schema: feature views read what it takes away: ${broken.join('; ')}. Apply new versions of these first.`,
    );
  }

  private async viewsOf(manager: EntityManager, { workspaceId, id }: DataSourceEntity) {
    await lockDefinitions(manager, workspaceId);
    return this.use.viewsReadingSource(manager, workspaceId, id);
  }
}
