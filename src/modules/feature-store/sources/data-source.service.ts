import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { isUniqueViolation } from '../../../common/database/database-errors.rules.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { SourceReaders } from '../definitions/source-readers.js';
import { DataEngineError } from '../engine/data-engine-error.js';
import { DataEngines } from '../engine/data-engines.js';
import { checkSchema } from './data-schema.rules.js';
import { dataSourceNotFound } from './data-source-name.rules.js';
import { checkKind, type DataConnection, type DataSourceKind } from './connections/connection.js';
import { checkConnection, checkRefresh, isReadAnew } from './connections/connection.rules.js';
import type { DataSchema, DataSourceMode, ValidationPolicy } from './data-source.js';
import { DataSourceRepository } from './data-source.repository.js';
import { SourceCursorRepository } from './source-cursor.repository.js';
import { SourceSecrets } from './source-secrets.js';
import { DataSourceEntity } from './entities/data-source.entity.js';

/** A secret to be kept; null removes it. */
export interface SecretChange {
  readonly name: string;
  readonly value: string | null;
}

export interface NewDataSource {
  readonly name: string;
  readonly description: string;
  readonly kind: DataSourceKind;
  readonly connection: DataConnection;
  readonly secrets: readonly SecretChange[];
  readonly schema: DataSchema;
  readonly mode: DataSourceMode;
  readonly policy: ValidationPolicy;
  /** Null: it is collected only when somebody asks for it. */
  readonly refreshIntervalSeconds: number | null;
}

/** What is left out stays as it is. */
export type DataSourceChange = Pick<NewDataSource, 'name' | 'secrets'> &
  Partial<Pick<NewDataSource, 'description' | 'connection' | 'schema' | 'mode' | 'policy' | 'refreshIntervalSeconds'>>;

/** Most secrets of one source. */
const MAX_SECRETS = 50;

@Injectable()
export class DataSourceService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly sources: DataSourceRepository,
    private readonly cursors: SourceCursorRepository,
    private readonly secrets: SourceSecrets,
    private readonly engines: DataEngines,
    private readonly readers: SourceReaders,
    private readonly audit: AuditTrail,
  ) {}

  async find({ actor }: ActorContext, name: string): Promise<DataSourceEntity | null> {
    return this.sources.find(actor.workspaceId, name);
  }

  /** @throws {CodedError} NOT_FOUND */
  async get(context: ActorContext, name: string): Promise<DataSourceEntity> {
    const source = await this.find(context, name);
    if (source === null) throw dataSourceNotFound(name);
    return source;
  }

  async page(
    { actor }: ActorContext,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<DataSourceEntity>> {
    return this.sources.page(actor.workspaceId, pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE), after);
  }

  /** @throws {CodedError} INVALID_INPUT, ALREADY_EXISTS */
  async create(context: ActorContext, given: NewDataSource): Promise<DataSourceEntity> {
    checkKind(given.connection.kind, given.kind);
    checkConnection(given);
    checkRefresh(given.connection, given.refreshIntervalSeconds);
    await this.check(given.schema);
    const { workspaceId, id: createdBy } = context.actor;
    const { name, description, kind, connection, schema, mode, policy, refreshIntervalSeconds } = given;
    const id = randomUUID();
    const now = new Date();
    const secrets = this.changedSecrets(id, {}, given.secrets);
    const source: DataSourceEntity = {
      id,
      workspaceId,
      name,
      description,
      kind,
      connection,
      secrets,
      schema,
      mode,
      policy,
      refreshIntervalSeconds,
      nextCollectionAt: refreshIntervalSeconds === null ? null : now,
      revision: 1,
      snapshotVersion: 0,
      createdBy,
      createdAt: now,
      updatedAt: now,
      deletedAt: null,
    };
    try {
      await this.audit.transaction(context, async (transaction) => {
        await this.sources.insert(transaction.manager, source);
        transaction.audit({ action: 'data-source.create', resourceType: 'data-source', resourceId: name });
      });
    } catch (error) {
      if (!isUniqueViolation(error, 'uq_data_sources_name')) throw error;
      throw new CodedError('ALREADY_EXISTS', `There is a data source ${JSON.stringify(name)} already.`, {
        cause: error,
      });
    }
    return source;
  }

  /**
   * Changes hold for collections that begin from now on.
   * @throws {CodedError} INVALID_INPUT, NOT_FOUND, CONFLICT where feature views read what the schema takes away.
   */
  async update(context: ActorContext, { name, secrets, ...change }: DataSourceChange): Promise<DataSourceEntity> {
    if (change.schema !== undefined) await this.check(change.schema);
    return this.audit.transaction(context, async (transaction) => {
      const source = await this.sources.lock(transaction.manager, context.actor.workspaceId, name);
      if (source === null) throw dataSourceNotFound(name);
      if (change.connection !== undefined) checkKind(change.connection.kind, source.kind);
      if (change.schema !== undefined) await this.readers.assertServed(transaction.manager, source, change.schema);
      const { connection, schema, mode } = source;
      const before = { connection, schema, mode };
      const after = { ...before, ...change };
      checkConnection(after);
      checkRefresh(after.connection, change.refreshIntervalSeconds ?? null);
      if (isReadAnew(before, after)) await this.cursors.forget(transaction.manager, source.id);
      const changed = await this.sources.change(transaction.manager, source, {
        ...change,
        ...(change.refreshIntervalSeconds !== undefined && {
          nextCollectionAt: change.refreshIntervalSeconds === null ? null : new Date(),
        }),
        secrets: this.changedSecrets(source.id, source.secrets, secrets),
        revision: source.revision + 1,
        updatedAt: new Date(),
      });
      transaction.audit({
        action: 'data-source.update',
        resourceType: 'data-source',
        resourceId: name,
        detail: { revision: changed.revision, secrets: secrets.map((secret) => secret.name).join(', ') },
      });
      return changed;
    });
  }

  /** Its snapshots are kept. @throws {CodedError} NOT_FOUND, CONFLICT where feature views read it. */
  async delete(context: ActorContext, name: string): Promise<DataSourceEntity> {
    return this.audit.transaction(context, async (transaction) => {
      const source = await this.sources.lock(transaction.manager, context.actor.workspaceId, name);
      if (source === null) throw dataSourceNotFound(name);
      await this.readers.assertNone(transaction.manager, source);
      // Nobody will ask for the secrets again.
      const deleted = await this.sources.change(transaction.manager, source, { secrets: {}, deletedAt: new Date() });
      await this.cursors.forget(transaction.manager, source.id);
      transaction.audit({ action: 'data-source.delete', resourceType: 'data-source', resourceId: name });
      return deleted;
    });
  }

  private async check(schema: DataSchema): Promise<void> {
    checkSchema(schema);
    const patterns = schema.columns.filter(({ pattern }) => pattern !== null);
    if (patterns.length > 0)
      await this.engines.use(async ({ engine }) => checkPatterns(engine.rows.bind(engine), patterns));
  }

  private changedSecrets(
    sourceId: string,
    before: Readonly<Record<string, string>>,
    changes: readonly SecretChange[],
  ): Record<string, string> {
    const kept = new Map(Object.entries(before));
    for (const { name, value } of changes) {
      if (value === null) kept.delete(name);
      else kept.set(name, this.secrets.encrypt(sourceId, name, value));
    }
    if (kept.size > MAX_SECRETS) {
      throw new CodedError('INVALID_INPUT', `secrets: a data source may have at most ${MAX_SECRETS}.`);
    }
    return Object.fromEntries(kept);
  }
}

/** Only the engine can tell what it takes for a pattern. */
async function checkPatterns(
  ask: (sql: string, parameters: readonly (string | null)[]) => Promise<unknown>,
  columns: readonly { readonly name: string; readonly pattern: string | null }[],
): Promise<void> {
  for (const { name, pattern } of columns) {
    try {
      await ask('SELECT regexp_full_match(CAST(? AS VARCHAR), CAST(? AS VARCHAR))', ['', pattern]);
    } catch (error) {
      if (!(error instanceof DataEngineError)) throw error;
      throw new CodedError('INVALID_INPUT', `columns: the pattern of ${name} is refused: ${error.message}.`, {
        cause: error,
      });
    }
  }
}
