import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { ArtifactStore } from '../../../../common/storage/artifact-store.js';
import { fileFault } from '../../connectors/file-fault.js';
import { FileReader, type FileRows } from '../../connectors/file-reader.js';
import type { DataEngine, StatementControl } from '../../engine/data-engine.js';
import type { Workbench } from '../../engine/data-engines.js';
import { literal, quoted } from '../../engine/sql-text.js';
import { SnapshotRows } from '../../snapshots/snapshot-rows.js';
import { valueOf } from '../../validation/value-checks.rules.js';
import type { TypedColumn } from '../../value-types.js';
import { writeParquet } from '../historical-features.js';
import type { LabelsReference } from '../jobs/historical-features-job.js';
import type { LaidLabels } from '../training-set-writer.js';
import {
  assertLabelNames,
  formCounts,
  type LabelColumn,
  momentColumn,
  textColumn,
  typedColumn,
  typeOfForms,
} from './label-columns.rules.js';

/** What labels must be. */
export interface LabelNeeds {
  readonly columns: readonly TypedColumn[];
  /** The column with the moment at which each label looks at the features. */
  readonly eventTime: string;
  /** Moments after this are refused. */
  readonly now: Date;
}

/** Labels as they are read: each column by an expression over what `from` has. */
interface ReadLabels {
  readonly from: string;
  readonly columns: readonly LabelColumn[];
}

/** The number of a row while labels are checked. */
const ROW = '"__row"';

/** Lays the rows that are to get features into an engine, with columns of the types that the features need. */
@Injectable()
export class Labels {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly store: ArtifactStore,
    private readonly files: FileReader,
    private readonly snapshots: SnapshotRows,
  ) {}

  /**
   * @throws {CodedError} INVALID_INPUT where columns are missing or hold what they must not, with the first row that does;
   * INVALID_FILE, NOT_FOUND, ARTIFACT_NOT_FOUND, QUERY_LIMIT_EXCEEDED, CANCELLED.
   */
  async lay(
    workbench: Workbench,
    labels: LabelsReference,
    needs: LabelNeeds,
    control: StatementControl,
  ): Promise<LaidLabels> {
    try {
      const read = await this.read(workbench, labels, needs, control);
      await this.check(workbench.engine, read, control);
      const path = join(workbench.folder, 'labels.parquet');
      const values = read.columns.map(({ name, value }) => `${value} AS ${quoted(name)}`);
      await writeParquet(workbench.engine, `SELECT ${values.join(', ')} FROM ${read.from}`, path, control);
      const columns = read.columns.map(({ name }) => name);
      return { relation: `read_parquet(${literal(path)})`, columns, eventTime: needs.eventTime };
    } catch (error) {
      throw fileFault(error);
    }
  }

  private async read(
    workbench: Workbench,
    labels: LabelsReference,
    needs: LabelNeeds,
    control: StatementControl,
  ): Promise<ReadLabels> {
    if (labels.kind === 'SNAPSHOT') {
      const from = await this.snapshots.fetch(workbench, labels.sourceId, labels.version, control.signal);
      return typedLabels(workbench.engine, from, needs, control);
    }
    const path = join(workbench.folder, 'labels');
    await this.store.fetchTo(labels.digest, path, control.signal);
    const rows = await this.files.open(workbench.engine, path, { format: null, delimiter: null }, control);
    return rows.format === 'PARQUET'
      ? typedLabels(workbench.engine, rows.from, needs, control)
      : textLabels(workbench.engine, rows, needs, control);
  }

  /** Looks at every value before anything is made of them. */
  private async check(engine: DataEngine, { from, columns }: ReadLabels, control: StatementControl): Promise<void> {
    const faults = columns.flatMap(({ name, faults: own }) => own.map((fault) => ({ name, ...fault })));
    const counts = faults.flatMap(({ isBroken }, at) => [
      `count(*) FILTER (${isBroken}) AS "count_${at}"`,
      `min(${ROW}) FILTER (${isBroken}) AS "first_${at}"`,
    ]);
    const [row = {}] = await engine.rows(
      `SELECT ${['count(*) AS "rows"', ...counts].join(', ')} FROM (SELECT *, row_number() OVER () AS ${ROW} FROM ${from})`,
      [],
      control,
    );
    const rows = Number(row['rows']);
    const { NESTOR_DATA_MAX_ROWS: maxRows } = this.settings;
    if (rows === 0) throw new CodedError('INVALID_INPUT', 'The labels have no rows.');
    if (rows > maxRows) {
      throw new CodedError('INVALID_INPUT', `The labels have ${rows} rows; NESTOR_DATA_MAX_ROWS allows ${maxRows}.`);
    }
    for (const [at, { name, problem }] of faults.entries()) {
      const count = Number(row[`count_${at}`]);
      if (count === 0) continue;
      const more = count === 1 ? '' : ` So it is in ${count} rows.`;
      throw new CodedError(
        'INVALID_INPUT',
        `Row ${String(row[`first_${at}`])} of the labels: ${JSON.stringify(name)} ${problem}.${more}`,
      );
    }
  }
}

/** Rows whose columns have types; what is not needed stays as it is. */
async function typedLabels(
  engine: DataEngine,
  from: string,
  needs: LabelNeeds,
  control: StatementControl,
): Promise<ReadLabels> {
  const described = await engine.rows(
    `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM ${from})`,
    [],
    control,
  );
  const types = new Map(described.map(({ name, type }) => [String(name), String(type)]));
  assertLabelNames([...types.keys()], needs.columns);
  const columns = [...types].map(([name, type]): LabelColumn => {
    const needed = needs.columns.find((column) => column.name === name);
    return needed === undefined
      ? { name, value: quoted(name), faults: [] }
      : checkedColumn(typedColumn(needed, type), needs);
  });
  return { from, columns };
}

/** Rows of text; what is not needed has the type that all of its texts look like. */
async function textLabels(
  engine: DataEngine,
  { format, names, from, textOf }: FileRows,
  needs: LabelNeeds,
  control: StatementControl,
): Promise<ReadLabels> {
  assertLabelNames(names, needs.columns);
  const neededBy = new Map(needs.columns.map((column) => [column.name, column]));
  // In parentheses, as operators of JSON bind less than others.
  const text = (column: TypedColumn) => `(${textOf(column)})`;
  const others = names.filter((name) => !neededBy.has(name));
  // In JSON a text that looks like a number is told from one by its quotes.
  const shown = (name: string) => text({ name, type: format === 'CSV' ? 'STRING' : 'JSON' });
  const counts = others.flatMap((name, at) =>
    formCounts(shown(name)).map((count, form) => `${count} AS "${at}_${form}"`),
  );
  const [row = {}] =
    counts.length === 0 ? [] : await engine.rows(`SELECT ${counts.join(', ')} FROM ${from}`, [], control);
  const columns = names.map((name): LabelColumn => {
    const needed = neededBy.get(name);
    if (needed !== undefined) return checkedColumn(textColumn(needed, text(needed)), needs);
    const at = others.indexOf(name);
    const type = typeOfForms(formCounts('').map((_, form) => Number(row[`${at}_${form}`])));
    return { name, value: valueOf(text({ name, type }), type), faults: [] };
  });
  return { from, columns };
}

const checkedColumn = (column: LabelColumn, { eventTime, now }: LabelNeeds): LabelColumn =>
  column.name === eventTime ? momentColumn(column, now) : column;
