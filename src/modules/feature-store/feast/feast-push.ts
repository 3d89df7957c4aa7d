import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { FeatureGraphRepository } from '../definitions/feature-graph.repository.js';
import { type FeatureViewRecord, FeatureViewRepository } from '../definitions/feature-view.repository.js';
import type { JsonRow } from '../json-values.rules.js';
import { FeaturePushService, type PushTarget } from '../push/feature-push.service.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';
import type { Frame } from './feast-frame.rules.js';
import { sourceRows } from './feast-rows.rules.js';

/** Most views of one source that a push goes to. */
const MAX_VIEWS = 200;

type PushedView = Pick<FeatureViewRecord, 'name' | 'columns' | 'eventTime' | 'createdTime' | 'isOnline'>;

/** Feast's push sources are our data sources: a push goes to all views of one. */
@Injectable()
export class FeastPush {
  constructor(
    private readonly sources: DataSourceRepository,
    private readonly graph: FeatureGraphRepository,
    private readonly views: FeatureViewRepository,
    private readonly pushes: FeaturePushService,
  ) {}

  /**
   * Rows go offline once, and online to each view that is kept there.
   * @param name of a data source, or of one view.
   * @throws {CodedError} NOT_FOUND, and those of `FeaturePushService.push`. What was pushed to other views by then stays;
   * to push again does no harm.
   */
  async push(context: ActorContext, name: string, frame: Frame, to: PushTarget): Promise<void> {
    const views = await this.viewsOf(context.actor.workspaceId, name);
    const [first] = views;
    if (first === undefined) {
      throw new CodedError(
        'NOT_FOUND',
        `No data source with feature views, and no feature view, is called ${shown(name)}.`,
      );
    }
    if (to !== 'ONLINE') await this.pushTo(context, first, frame, 'OFFLINE');
    if (to === 'OFFLINE') return;
    const online = views.filter(({ isOnline }) => isOnline);
    // With none, the first says why it cannot be pushed to.
    for (const view of online.length > 0 ? online : [first]) await this.pushTo(context, view, frame, 'ONLINE');
  }

  private async pushTo(context: ActorContext, view: PushedView, frame: Frame, to: PushTarget): Promise<void> {
    const rows: readonly JsonRow[] = sourceRows(view, frame);
    await this.pushes.push(context, { view: view.name, rows, to });
  }

  private async viewsOf(workspaceId: string, name: string): Promise<readonly PushedView[]> {
    const source = await this.sources.find(workspaceId, name);
    if (source !== null) {
      const found = await this.graph.viewsReadingSources(workspaceId, [source.id], { first: MAX_VIEWS, after: null });
      const views = found.get(source.id) ?? [];
      if (views.length > 0) return views;
    }
    const view = await this.views.find(workspaceId, name);
    return view === null ? [] : [view];
  }
}

const shown = (name: string): string => JSON.stringify(name.slice(0, 128));
