import { Injectable } from '@nestjs/common';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureViewVersion, SnapshotReference } from '../definitions/feature-view.js';
import { FeatureViewRepository } from '../definitions/feature-view.repository.js';
import type { StatementControl } from '../engine/data-engine.js';
import type { Workbench } from '../engine/data-engines.js';
import { quoted } from '../engine/sql-text.js';
import { SnapshotRows } from '../snapshots/snapshot-rows.js';
import type { TransformationDeclaration } from '../transformations/transformation-declaration.js';
import { TransformationPipeline, type TransformationState } from '../transformations/transformation-pipeline.js';
import { rowColumnsOf, rowShapeOf, typedRows } from './feature-view-rows.rules.js';
import { SourceSnapshots } from './source-snapshots.js';

/** Rows of a feature view that an engine can read. */
export interface LaidRows {
  /**
   * SQL of ours that may stand after `FROM`: the keys, times and features. Its rows come in the order of the snapshots, and
   * of one snapshot in its order. Nothing is read before it is used, and then only the columns that are asked for; what
   * fails then is told by `failedOnRows`.
   */
  readonly relation: string;
  /** The snapshots that have them, the oldest first. */
  readonly lineage: readonly SnapshotReference[];
}

export interface RowsRequest {
  readonly control: StatementControl;
  /** Versions of snapshots, by the ids of their sources; of a source that is not there the newest is read. */
  readonly snapshots?: ReadonlyMap<string, number>;
}

/** What views that are laid together have in common. */
interface Laying {
  readonly workbench: Workbench;
  readonly request: RowsRequest;
  /** By the ids of sources and of versions of views. */
  readonly laid: Map<string, LaidRows>;
}

/** Lays rows of feature views into engines: of their sources or upstream views, transformed as training saw them. */
@Injectable()
export class FeatureViewRows {
  constructor(
    private readonly views: FeatureViewRepository,
    private readonly sources: SourceSnapshots,
    private readonly rows: SnapshotRows,
  ) {}

  /**
   * Where a transformation did not learn yet, it learns from these rows, and what it learned is kept for good.
   * @throws {CodedError} INVALID_INPUT for an on-demand view, which has no rows; CONFLICT where a source has no data yet;
   * TRANSFORMATION_FAILED, INVALID_EXPRESSION; NOT_FOUND, ARTIFACT_NOT_FOUND, STORAGE_FULL, CANCELLED.
   */
  async lay(workbench: Workbench, view: FeatureViewVersion, request: RowsRequest): Promise<LaidRows> {
    return this.layView({ workbench, request, laid: new Map() }, view);
  }

  /**
   * As `lay`, and the same rows before they are transformed: the columns of the source that the view reads.
   * @throws {CodedError} as `lay`.
   */
  async layWithInputs(
    workbench: Workbench,
    view: FeatureViewVersion,
    request: RowsRequest,
  ): Promise<LaidRows & { readonly inputs: string }> {
    const laying = { workbench, request, laid: new Map<string, LaidRows>() };
    const rows = await this.layView(laying, view);
    return { ...rows, inputs: typedRows(view, (await this.laySource(laying, view)).relation) };
  }

  /** As `lay`, where sources and upstream views that several have in common are laid once. @returns by version id. */
  async layAll(
    workbench: Workbench,
    views: readonly FeatureViewVersion[],
    request: RowsRequest,
  ): Promise<ReadonlyMap<string, LaidRows>> {
    const laid = new Map<string, LaidRows>();
    for (const view of views) await this.layView({ workbench, request, laid }, view);
    return laid;
  }

  private async layView(laying: Laying, view: FeatureViewVersion): Promise<LaidRows> {
    const known = laying.laid.get(view.id);
    if (known !== undefined) return known;
    const source = await this.laySource(laying, view);
    const columns = rowColumnsOf(view);
    const relation =
      view.transformation === null
        ? `(SELECT ${columns.map(quoted).join(', ')} FROM ${typedRows(view, source.relation)})`
        : await this.transformed(laying, view, view.transformation, source);
    const rows = { relation, lineage: source.lineage };
    laying.laid.set(view.id, rows);
    return rows;
  }

  private async laySource(laying: Laying, view: FeatureViewVersion): Promise<LaidRows> {
    const { source, workspaceId } = view;
    if (source.kind === 'DATA_SOURCE') {
      const rows = await this.laySnapshot(laying, view, source.sourceId);
      await assertColumns(laying, view, source.name, rows);
      return rows;
    }
    if (source.kind === 'REQUEST') {
      throw new CodedError('INVALID_INPUT', `Feature view ${view.name} is computed from requests and has no rows.`);
    }
    const upstream = await this.views.findVersion(workspaceId, source.versionId);
    if (upstream === null) throw new Error(`Version ${source.versionId}, upstream of view ${view.id}, is not there.`);
    return this.layView(laying, upstream);
  }

  private async laySnapshot(
    { workbench, request, laid }: Laying,
    view: FeatureViewVersion,
    id: string,
  ): Promise<LaidRows> {
    const known = laid.get(id);
    if (known !== undefined) return known;
    const chain = await this.sources.chainOf(view.workspaceId, id, request.snapshots?.get(id));
    const lineage = chain.map(({ sourceId, version: each }) => ({ sourceId, version: each }));
    const version = lineage.at(-1)?.version ?? 0;
    const relation = await this.rows.fetch(workbench, id, version, request.control.signal);
    const rows = { relation, lineage };
    laid.set(id, rows);
    return rows;
  }

  private async transformed(
    { workbench, request }: Laying,
    view: FeatureViewVersion,
    declaration: TransformationDeclaration,
    source: LaidRows,
  ): Promise<string> {
    const pipeline = TransformationPipeline.of(declaration, rowShapeOf(view));
    const state = view.state ?? (await this.learned(workbench, view, pipeline, source, request));
    // In order, as of two rows of one moment the later one counts.
    return `(${pipeline.fitted(state).sql(source.relation, { columns: rowColumnsOf(view), inOrder: true })})`;
  }

  /** What one worker learned first is what all use. */
  private async learned(
    { engine }: Workbench,
    view: FeatureViewVersion,
    pipeline: TransformationPipeline,
    { relation, lineage }: LaidRows,
    { control }: RowsRequest,
  ): Promise<TransformationState> {
    const current = await this.views.findVersion(view.workspaceId, view.id);
    if (current?.state != null) return current.state;
    const state = await pipeline.fit(engine, relation, control);
    const learnedFrom = lineage.at(-1);
    if (learnedFrom === undefined) throw new Error(`The rows of version ${view.id} of a feature view have no lineage.`);
    if (await this.views.keepState(view.id, state, learnedFrom)) return state;
    const winner = await this.views.findVersion(view.workspaceId, view.id);
    if (winner?.state == null) throw new Error(`Version ${view.id} of a feature view kept no state.`);
    return winner.state;
  }
}

/** A source may have changed since the view was defined. */
async function assertColumns(
  { workbench, request }: Laying,
  view: FeatureViewVersion,
  source: string,
  { relation, lineage }: LaidRows,
): Promise<void> {
  const described = `SELECT column_name AS name FROM (DESCRIBE SELECT * FROM ${relation})`;
  const names = new Set((await workbench.engine.rows(described, [], request.control)).map(({ name }) => name));
  const missing = view.columns.find(({ name }) => !names.has(name));
  if (missing === undefined) return;
  throw new CodedError(
    'CONFLICT',
    `Snapshot ${lineage.at(-1)?.version} of the data source ${source} has no column ${JSON.stringify(missing.name)}, which feature view ${view.name} reads. Define a new version of the view.`,
  );
}
