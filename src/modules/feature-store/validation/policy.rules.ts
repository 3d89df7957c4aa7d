import type { DataSchema, ValidationPolicy } from '../sources/data-source.js';
import type { ValidationReport, Violation } from './validation-report.js';

/** What becomes of a batch. */
export type Verdict =
  | { readonly kind: 'REJECTED'; readonly reason: string }
  /** `valid`: rows that broke a rule are left out. `all`: they are taken, and values that are of no type are null. */
  | { readonly kind: 'ACCEPTED'; readonly rows: 'valid' | 'all' };

/** Decides by the policy of a source. */
export function verdictOf(schema: DataSchema, policy: ValidationPolicy, report: ValidationReport): Verdict {
  const required = report.violations.filter(
    ({ rule, column }) => rule === 'MISSING_COLUMN' && isRequired(schema, column),
  );
  // No policy can make up what every row must have.
  if (required.length > 0) return rejected(required);
  if (policy === 'REJECT' && report.violations.length > 0) return rejected(report.violations);
  if (policy !== 'QUARANTINE') return { kind: 'ACCEPTED', rows: 'all' };
  if (report.rowsInvalid === report.rowsRead) return rejected(report.violations);
  return { kind: 'ACCEPTED', rows: 'valid' };
}

const isRequired = ({ columns }: DataSchema, name: string | null): boolean =>
  columns.some((column) => column.name === name && !column.isNullable);

/** Violations that a reason names; the report has all. */
const NAMED = 3;

function rejected(violations: readonly Violation[]): Verdict {
  const named = violations.slice(0, NAMED).map(({ rule, column, rows }) => {
    const where = column === null ? '' : ` in column ${column}`;
    return `${rule}${where}${rows > 0 ? ` (${rows} rows)` : ''}`;
  });
  const more = violations.length > NAMED ? ` and ${violations.length - NAMED} more` : '';
  return {
    kind: 'REJECTED',
    reason: `The rows are not as the schema says: ${named.join(', ')}${more}. The report has samples.`,
  };
}
