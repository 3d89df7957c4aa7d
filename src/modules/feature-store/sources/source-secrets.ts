import { Injectable } from '@nestjs/common';
import { FieldEncryption, type FieldPlace } from '../../../common/crypto/field-encryption.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { DataSourceEntity } from './entities/data-source.entity.js';

/** The secrets of sources: encrypted where they are kept, read only by who connects with them. */
@Injectable()
export class SourceSecrets {
  constructor(private readonly encryption: FieldEncryption) {}

  /** How all secrets begin that are encrypted now. */
  get currentPrefix(): string {
    return this.encryption.currentPrefix;
  }

  encrypt(sourceId: string, name: string, value: string): string {
    return this.encryption.encrypt(value, placeOf(sourceId, name));
  }

  /** @throws {CodedError} NOT_FOUND where the source has no such secret; SECRET_UNREADABLE. */
  read({ id, name: source, secrets }: DataSourceEntity, name: string): string {
    const encrypted = new Map(Object.entries(secrets)).get(name);
    if (encrypted === undefined) {
      throw new CodedError('NOT_FOUND', `The data source ${source} has no secret ${name}; set it by updateDataSource.`);
    }
    return this.encryption.decrypt(encrypted, placeOf(id, name));
  }
}

const placeOf = (sourceId: string, name: string): FieldPlace => ({
  table: 'data_sources',
  row: sourceId,
  column: `secrets.${name}`,
});
