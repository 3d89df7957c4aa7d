import { Inject, Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { type Page, pageSize } from '../../../common/graphql/page.js';
import { AuditTrail } from '../../audit/audit-trail.service.js';
import { DataSourceService } from '../sources/data-source.service.js';
import type { QualityExpectations, ReferenceRule } from './data-quality.js';
import type { QualityMeasurementEntity } from './entities/quality-measurement.entity.js';
import { checkExpectations, checkReference } from './expectations.rules.js';
import { ExpressionChecker } from './expression-checker.js';
import { QualityScheduleRepository } from './quality-schedule.repository.js';
import { QualityRepository } from './quality.repository.js';

/** What somebody expects of a source; of the sources of references only the names are known. */
export interface GivenExpectations extends Omit<QualityExpectations, 'references'> {
  readonly references: readonly Omit<ReferenceRule, 'sourceId'>[];
}

/** Quality as clients see it. */
@Injectable()
export class QualityService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly sources: DataSourceService,
    private readonly quality: QualityRepository,
    private readonly schedules: QualityScheduleRepository,
    private readonly expressions: ExpressionChecker,
    private readonly audit: AuditTrail,
  ) {}

  /** What was measured of a source, newest first. @throws {CodedError} NOT_FOUND */
  async page(
    context: ActorContext,
    source: string,
    first: number | undefined,
    after: string | undefined,
  ): Promise<Page<QualityMeasurementEntity>> {
    const { id } = await this.sources.get(context, source);
    return this.quality.page(id, pageSize(first, this.settings.NESTOR_PAGE_MAX_SIZE), after);
  }

  /** @throws {CodedError} NOT_FOUND */
  async expectations(context: ActorContext, source: string): Promise<QualityExpectations> {
    const { id } = await this.sources.get(context, source);
    return (await this.quality.expectationsOf(id)).expectations;
  }

  /**
   * Says what is expected of a source, in place of what was said before. It is measured by this at once.
   * @throws {CodedError} NOT_FOUND, INVALID_INPUT, INVALID_EXPRESSION
   */
  async expect(context: ActorContext, name: string, given: GivenExpectations): Promise<QualityExpectations> {
    const source = await this.sources.get(context, name);
    const references: ReferenceRule[] = [];
    for (const rule of given.references) {
      const other = await this.sources.get(context, rule.source);
      checkReference(rule, source.schema, other.schema);
      references.push({ ...rule, sourceId: other.id });
    }
    const expectations = { ...given, references };
    checkExpectations(expectations, source.schema);
    await this.expressions.check(source.schema, expectations.expressions);
    await this.audit.transaction(context, async (transaction) => {
      const { manager } = transaction;
      const { id: sourceId, workspaceId } = source;
      await this.quality.expect(manager, {
        sourceId,
        workspaceId,
        expectations,
        updatedBy: context.actor.id,
        updatedAt: new Date(),
      });
      if (source.snapshotVersion > 0) await this.schedules.makeDue(manager, source);
      transaction.audit({
        action: 'data-source.expect-quality',
        resourceType: 'data-source',
        resourceId: name,
        detail: { rules: expectations.expressions.length + references.length },
      });
    });
    return expectations;
  }
}
