import type { StagedRows } from '../connectors/staged-batch.js';
import { ROW, STAGED } from '../connectors/staged-batch.js';
import type { DataEngine, EngineRow, StatementControl } from '../engine/data-engine.js';
import { quoted } from '../engine/sql-text.js';
import type { DataColumn, DataSchema } from '../sources/data-source.js';
import { CHECKED, checkingStatement, DUPLICATE, INVALID } from './row-checks.rules.js';
import type { ValidationReport, Violation, ViolationSample } from './validation-report.js';
import { faultBits, faultsColumn, type ValueRule, valueRules } from './value-checks.rules.js';

/** Rows that are shown of each violation. */
const SAMPLES = 5;

/** Violations of which rows are shown; of further ones there are counts. */
const SAMPLED_VIOLATIONS = 100;

/** Longest value that is shown, in characters. */
const SHOWN_CHARACTERS = 100;

/**
 * Checks the staged rows by all rules of a schema, which makes the table `checked`.
 * @param now what event times are compared with.
 */
export async function validateBatch(
  engine: DataEngine,
  schema: DataSchema,
  staged: StagedRows,
  now: Date,
  control: StatementControl,
): Promise<ValidationReport> {
  await checkRows(engine, schema, now, control);
  return reportOn(engine, schema, staged, now, control);
}

/** Makes the table `checked` of the staged rows. */
export async function checkRows(
  engine: DataEngine,
  schema: DataSchema,
  now: Date,
  control: StatementControl,
): Promise<void> {
  await engine.run(checkingStatement(schema, now), [], control);
}

/** Tells what the table `checked` says. */
export async function reportOn(
  engine: DataEngine,
  schema: DataSchema,
  staged: StagedRows,
  now: Date,
  control: StatementControl,
): Promise<ValidationReport> {
  const [counts = {}] = await engine.rows(countingStatement(schema), [], control);
  const violations: Violation[] = [...columnViolations(staged)];
  for (const { violation, isBroken } of rowViolations(schema, counts)) {
    const column = schema.columns.find(({ name }) => name === violation.column);
    const isSampled = violations.length < SAMPLED_VIOLATIONS;
    const samples = isSampled ? await samplesOf(engine, column, isBroken, control) : [];
    violations.push({ ...violation, samples });
  }
  const stale = staleness(schema, counts, now);
  if (stale !== undefined) violations.push(stale);
  return { rowsRead: staged.rows, rowsInvalid: Number(counts['invalid']), violations };
}

/** One row with how often each rule was broken. */
function countingStatement({ columns, eventTimeColumn }: DataSchema): string {
  const counts = columns.flatMap((_, at) =>
    valueRules.map(
      (rule) => `count(*) FILTER (${faultsColumn(at)} & ${faultBits[rule]} > 0) AS ${quoted(`${at} ${rule}`)}`,
    ),
  );
  const newest = eventTimeColumn === null ? 'NULL' : `max(${quoted(eventTimeColumn)})`;
  return `SELECT ${counts.join(', ')}, count(*) FILTER (${quoted(DUPLICATE)}) AS duplicates,
    count(*) FILTER (${quoted(INVALID)}) AS invalid, ${newest} AS newest FROM ${CHECKED}`;
}

interface CountedViolation {
  readonly violation: Omit<Violation, 'samples'>;
  /** Which rows broke it, as SQL. */
  readonly isBroken: string;
}

function rowViolations({ columns, keyColumns }: DataSchema, counts: EngineRow): CountedViolation[] {
  const rowsOf = (at: number, rule: ValueRule): number => Number(counts[`${at} ${rule}`] ?? 0);
  const values = columns.flatMap(({ name }, at) =>
    valueRules.map((rule) => ({
      violation: { rule, column: name, rows: rowsOf(at, rule) },
      isBroken: `${faultsColumn(at)} & ${faultBits[rule]} > 0`,
    })),
  );
  const rule = keyColumns.length > 0 ? 'DUPLICATE_KEY' : 'DUPLICATE_ROW';
  const [key = null] = keyColumns;
  const duplicates = {
    rule,
    column: keyColumns.length === 1 ? key : null,
    rows: Number(counts['duplicates'] ?? 0),
  } as const;
  return [...values, { violation: duplicates, isBroken: quoted(DUPLICATE) }].filter(
    ({ violation }) => violation.rows > 0,
  );
}

function columnViolations({ missingColumns, extraColumns, rows }: StagedRows): Violation[] {
  const of = (rule: 'MISSING_COLUMN' | 'EXTRA_COLUMN') => (column: string) => ({ rule, column, rows, samples: [] });
  return [...missingColumns.map(of('MISSING_COLUMN')), ...extraColumns.map(of('EXTRA_COLUMN'))];
}

function staleness(
  { eventTimeColumn, maxAgeSeconds }: DataSchema,
  counts: EngineRow,
  now: Date,
): Violation | undefined {
  const newest = counts['newest'];
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
    column === undefined || column.isSensitive ? 'NULL' : `left(staged.${quoted(column.name)}, ${SHOWN_CHARACTERS})`;
  const row = quoted(ROW);
  const rows = await engine.rows(
    `SELECT staged.${row} AS row, ${value} AS value FROM ${STAGED} AS staged
     WHERE staged.${row} IN (SELECT ${row} FROM ${CHECKED} WHERE ${isBroken} ORDER BY ${row} LIMIT ${SAMPLES})
     ORDER BY staged.${row}`,
    [],
    control,
  );
  return rows.map((sample) => ({
    row: Number(sample['row']),
    // PostgreSQL's JSON holds no NUL.
    value: typeof sample['value'] === 'string' ? sample['value'].replaceAll('\0', '\uFFFD') : null,
  }));
}
