import { ROW, type StagedRows } from '../connectors/staged-batch.js';
import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import { quoted } from '../engine/sql-text.js';
import type { DataColumn, DataSchema } from '../sources/data-source.js';
import type { FeatureValue } from '../value-types.js';
import { CHECKED, DUPLICATE, FAULTY_ROWS, INVALID } from './row-checks.rules.js';
import { judgeRows, keepFaulty, markRepeated, stagedRows } from './row-judge.js';
import type { ValidationReport, Violation, ViolationSample } from './validation-report.js';
import { faultBits, faultsColumn, type ValueRule, valueRules } from './value-checks.rules.js';

/** Rows that are shown of each violation. */
const SAMPLES = 5;

/** Violations of which rows are shown; of further ones there are counts. */
const SAMPLED_VIOLATIONS = 100;

/** Longest value, and longest name of a column that a file has besides, that is shown, in characters. */
const SHOWN_CHARACTERS = 128;

/**
 * Checks the rows of a batch by all rules of a schema, which makes `checked`, and of those that break one `faulty`.
 * @param now what event times are compared with.
 */
export async function validateBatch(
  engine: DataEngine,
  schema: DataSchema,
  staged: StagedRows,
  now: Date,
  control: StatementControl,
): Promise<ValidationReport> {
  if (staged.isJudged !== true) await judgeRows(engine, schema, stagedRows, now, control);
  await markRepeated(engine, schema, control);
  return reportOn(engine, schema, staged, now, control);
}

/** Tells what `checked` says. */
export async function reportOn(
  engine: DataEngine,
  schema: DataSchema,
  { missingColumns, extraColumns }: Pick<StagedRows, 'missingColumns' | 'extraColumns'>,
  now: Date,
  control: StatementControl,
): Promise<ValidationReport> {
  const [summary = {}] = await engine.rows(summaryStatement(schema), [], control);
  const [rowsRead, rowsInvalid] = [Number(summary['rows']), Number(summary['invalid'])];
  const violations: Violation[] = [
    ...ofAllRows('MISSING_COLUMN', missingColumns, rowsRead),
    ...ofAllRows('EXTRA_COLUMN', extraColumns, rowsRead),
  ];
  if (rowsInvalid > 0) {
    await keepFaulty(engine, control);
    const rowsOf = await countFaults(engine, schema, control);
    for (const { violation, isBroken } of rowViolations(schema, rowsOf, Number(summary['repeated']))) {
      const column = schema.columns.find(({ name }) => name === violation.column);
      const isSampled = violations.length < SAMPLED_VIOLATIONS;
      const samples = isSampled ? await samplesOf(engine, column, isBroken, control) : [];
      violations.push({ ...violation, samples });
    }
  }
  const stale = staleness(schema, summary['newest'], now);
  if (stale !== undefined) violations.push(stale);
  return { rowsRead, rowsInvalid, violations };
}

/** One row that counts rows. */
function summaryStatement({ eventTimeColumn }: DataSchema): string {
  const newest = eventTimeColumn === null ? 'NULL' : `max(${quoted(eventTimeColumn)})`;
  return `SELECT count(*) AS rows, count(*) FILTER (${quoted(INVALID)}) AS invalid,
    count(*) FILTER (${quoted(DUPLICATE)}) AS repeated, ${newest} AS newest FROM ${CHECKED}`;
}

/** How many rows broke a rule, by the place of the column. */
type RowsOfRule = (at: number, rule: ValueRule) => number;

/**
 * Counts how often each rule of values was broken. An aggregate for each rule of each column would do, but planning
 * it takes time and memory that grow with the square of the columns; only faulty rows are turned on their side.
 */
async function countFaults(
  engine: DataEngine,
  { columns }: DataSchema,
  control: StatementControl,
): Promise<RowsOfRule> {
  const faults = columns.map((_, at) => faultsColumn(at));
  const counted = await engine.rows(
    `SELECT place, faults, count(*) AS rows
     FROM (UNPIVOT (SELECT ${faults.join(', ')} FROM ${CHECKED} WHERE ${quoted(INVALID)})
       ON ${faults.join(', ')} INTO NAME place VALUE faults)
     WHERE faults > 0 GROUP BY ALL`,
    [],
    control,
  );
  const rows = new Map<string, number>();
  for (const { place, faults: broken, rows: count } of counted) {
    for (const rule of valueRules.filter((one) => (Number(broken) & faultBits[one]) > 0)) {
      const key = `${quoted(String(place))} ${rule}`;
      rows.set(key, (rows.get(key) ?? 0) + Number(count));
    }
  }
  return (at, rule) => rows.get(`${faultsColumn(at)} ${rule}`) ?? 0;
}

interface CountedViolation {
  readonly violation: Omit<Violation, 'samples'>;
  /** Which rows broke it, as SQL. */
  readonly isBroken: string;
}

function rowViolations(
  { columns, keyColumns }: DataSchema,
  rowsOf: RowsOfRule,
  duplicateRows: number,
): CountedViolation[] {
  const values = columns.flatMap(({ name }, at) =>
    valueRules.map((rule) => ({
      violation: { rule, column: name, rows: rowsOf(at, rule) },
      isBroken: `${faultsColumn(at)} & ${faultBits[rule]} > 0`,
    })),
  );
  const rule = keyColumns.length > 0 ? 'DUPLICATE_KEY' : 'DUPLICATE_ROW';
  const [key = null] = keyColumns;
  const duplicates = { rule, column: keyColumns.length === 1 ? key : null, rows: duplicateRows } as const;
  return [...values, { violation: duplicates, isBroken: quoted(DUPLICATE) }].filter(
    ({ violation }) => violation.rows > 0,
  );
}

const ofAllRows = (
  rule: 'MISSING_COLUMN' | 'EXTRA_COLUMN',
  columns: readonly string[],
  rows: number,
): readonly Violation[] =>
  columns.map((name) => ({
    rule,
    column: storable(Array.from(name).slice(0, SHOWN_CHARACTERS).join('')),
    rows,
    samples: [],
  }));

function staleness(
  { eventTimeColumn, maxAgeSeconds }: DataSchema,
  newest: FeatureValue | undefined,
  now: Date,
): Violation | undefined {
  if (maxAgeSeconds === null || typeof newest !== 'number') return undefined;
  if (now.getTime() - newest <= maxAgeSeconds * 1_000) return undefined;
  const value = new Date(newest).toISOString();
  return { rule: 'STALE', column: eventTimeColumn, rows: 0, samples: [{ row: 0, value }] };
}

async function samplesOf(
  engine: DataEngine,
  column: DataColumn | undefined,
  isBroken: string,
  control: StatementControl,
): Promise<ViolationSample[]> {
  const value =
    column === undefined || column.isSensitive ? 'NULL' : `left(${quoted(column.name)}, ${SHOWN_CHARACTERS})`;
  const row = quoted(ROW);
  const rows = await engine.rows(
    `SELECT ${row} AS row, ${value} AS value FROM ${FAULTY_ROWS}
     WHERE ${row} IN (SELECT ${row} FROM ${CHECKED} WHERE ${isBroken} ORDER BY ${row} LIMIT ${SAMPLES})
     ORDER BY ${row}`,
    [],
    control,
  );
  return rows.map((sample) => ({
    row: Number(sample['row']),
    value: typeof sample['value'] === 'string' ? storable(sample['value']) : null,
  }));
}

/** PostgreSQL's JSON holds no NUL. */
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD');
