import { z } from 'zod';
import { quoted } from '../../engine/sql-text.js';
import { inputColumn, outputColumn } from '../fields.js';
import { asNumber } from '../sql-values.js';
import { type BoundStep, columnOf, fixedStep, type StepContext } from '../transformation.js';

const DAY_MS = 86_400_000;
const SATURDAY = 5;

const calendarParts = [
  'MINUTE',
  'HOUR',
  'DAY_OF_WEEK',
  'DAY_OF_MONTH',
  'DAY_OF_YEAR',
  'WEEK_OF_YEAR',
  'MONTH',
  'QUARTER',
  'YEAR',
  'IS_WEEKEND',
] as const;

type CalendarPart = (typeof calendarParts)[number];

/** Days of the week count from Monday, 0, and weeks as in ISO 8601; all in UTC. */
export const calendarPart = z.strictObject({
  kind: z.literal('CALENDAR_PART'),
  input: inputColumn,
  part: z.enum(calendarParts),
  output: outputColumn,
});

export function bindCalendarPart(step: z.output<typeof calendarPart>, context: StepContext): BoundStep {
  columnOf(context, 'input', step.input, ['TIMESTAMP']);
  const { sql, valueOf } = parts[step.part];
  return fixedStep([step.input], {
    outputs: [
      {
        name: step.output,
        type: step.part === 'IS_WEEKEND' ? 'BOOLEAN' : 'INT64',
        sql: sql(quoted(step.input)),
        valueOf: (row) => {
          const milliseconds = asNumber(row[step.input]);
          return milliseconds === null ? null : valueOf(new Date(Math.floor(milliseconds)));
        },
      },
    ],
  });
}

const dayOfWeek = (date: Date): number => (date.getUTCDay() + 6) % 7;

const daysSince = (year: number, date: Date): number =>
  Math.floor((date.getTime() - new Date(0).setUTCFullYear(year, 0, 1)) / DAY_MS);

/** The week holds the year's day that is its Thursday. */
function weekOfYear(date: Date): number {
  const thursday = new Date(date.getTime() + (3 - dayOfWeek(date)) * DAY_MS);
  return Math.floor(daysSince(thursday.getUTCFullYear(), thursday) / 7) + 1;
}

interface Part {
  readonly sql: (column: string) => string;
  readonly valueOf: (date: Date) => number | boolean;
}

const parts: Readonly<Record<CalendarPart, Part>> = {
  MINUTE: { sql: (column) => `minute(${column})`, valueOf: (date) => date.getUTCMinutes() },
  HOUR: { sql: (column) => `hour(${column})`, valueOf: (date) => date.getUTCHours() },
  DAY_OF_WEEK: { sql: (column) => `isodow(${column}) - 1`, valueOf: dayOfWeek },
  DAY_OF_MONTH: { sql: (column) => `day(${column})`, valueOf: (date) => date.getUTCDate() },
  DAY_OF_YEAR: {
    sql: (column) => `dayofyear(${column})`,
    valueOf: (date) => daysSince(date.getUTCFullYear(), date) + 1,
  },
  WEEK_OF_YEAR: { sql: (column) => `weekofyear(${column})`, valueOf: weekOfYear },
  MONTH: { sql: (column) => `month(${column})`, valueOf: (date) => date.getUTCMonth() + 1 },
  QUARTER: { sql: (column) => `quarter(${column})`, valueOf: (date) => Math.floor(date.getUTCMonth() / 3) + 1 },
  YEAR: { sql: (column) => `year(${column})`, valueOf: (date) => date.getUTCFullYear() },
  IS_WEEKEND: {
    sql: (column) => `isodow(${column}) > ${SATURDAY}`,
    valueOf: (date) => dayOfWeek(date) >= SATURDAY,
  },
};
