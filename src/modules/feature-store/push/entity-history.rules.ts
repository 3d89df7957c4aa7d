import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureViewVersion } from '../definitions/feature-view.js';
import { storedText, storedValue } from '../online/stored-values.rules.js';
import { transformedRow } from '../serving/row-transformation.rules.js';
import type { FittedTransformation } from '../transformations/fitted-transformation.js';
import type { Row } from '../transformations/transformation.js';
import type { FeatureValue } from '../value-types.js';

/** What of a view its histories are told by. */
export type HistoryView = Pick<FeatureViewVersion, 'name' | 'columns' | 'eventTime' | 'createdTime'>;

/** Where rows come from: what a source has says in which order rows of one moment come. */
export type RowOrigin = 'PUSH' | 'SOURCE';

/** A row of a source with what it is told by. */
interface Keyed {
  readonly row: Row;
  readonly text: string;
  readonly eventTime: number;
}

/**
 * Recent rows of an entity by event time, those of one moment in the order in which they came: as many as windows over its
 * newest row and over whatever may come later look back at. Rows are equal where all their columns are; a row that comes
 * again is the same row, but what a source has twice counts twice.
 */
export class EntityHistory {
  private constructor(
    private readonly view: HistoryView,
    private readonly keyed: readonly Keyed[],
  ) {}

  /** @param text what `text` answered; null for none. */
  static of(view: HistoryView, text: string | null): EntityHistory {
    const stored = text === null ? [] : (JSON.parse(text) as string[][]);
    return new EntityHistory(
      view,
      stored.map((texts) =>
        keyedRow(view, Object.fromEntries(view.columns.map(({ name }, at) => [name, storedValue(texts[at] ?? 'n')]))),
      ),
    );
  }

  get rows(): readonly Row[] {
    return this.keyed.map(({ row }) => row);
  }

  get text(): string {
    return `[${this.keyed.map(({ text }) => text).join(',')}]`;
  }

  /** With rows that came. @throws {CodedError} INVALID_INPUT where one does not fit the view. */
  with(rows: readonly Row[], origin: RowOrigin): EntityHistory {
    const come = rows.map((row) => keyedRow(this.view, row));
    const once = [...new Map(come.map((each) => [each.text, each])).values()];
    const all = origin === 'SOURCE' ? union(come, this.keyed) : union(this.keyed, once);
    // Sorting is stable: what is of one moment stays in its order.
    return new EntityHistory(
      this.view,
      all.toSorted((one, other) => one.eventTime - other.eventTime),
    );
  }

  /** Where the row is that is what is known of the entity: that of the store's order. */
  get newestAt(): number {
    const { createdTime } = this.view;
    const timeOf = ({ row }: Keyed): number => (createdTime === null ? 0 : Number(row[createdTime] ?? -Infinity));
    let newest = this.keyed.length - 1;
    for (let at = newest - 1; at >= 0; at -= 1) {
      const [one, other] = [this.keyed[at], this.keyed[newest]];
      if (one === undefined || other === undefined || one.eventTime < other.eventTime) break;
      if (timeOf(one) > timeOf(other)) newest = at;
    }
    return newest;
  }

  /** Without the rows that no window looks back at any more, from the newest row on. */
  trimmed(fitted: FittedTransformation): EntityHistory {
    const start = historyStart(this.view, fitted, this.rows.slice(0, this.newestAt + 1));
    return start === 0 ? this : new EntityHistory(this.view, this.keyed.slice(start));
  }

  /** The columns of the newest row, with those that the transformation adds. */
  newest(fitted: FittedTransformation): Row {
    const { rows, newestAt } = this;
    return transformedRow(fitted, rows[newestAt] ?? {}, rows.slice(0, newestAt));
  }
}

/**
 * Which rows before a new one have to be kept: those that windows look back at, and others of the same moment as the first
 * of them, which are known again by that when they come again.
 * @param rows of one entity by event time, the new one last.
 * @returns the index of the first.
 */
export function historyStart({ eventTime }: HistoryView, fitted: FittedTransformation, rows: readonly Row[]): number {
  const timeAt = (at: number) => rows[at]?.[eventTime ?? ''];
  let start = fitted.historyStart(rows);
  while (start > 0 && timeAt(start - 1) === timeAt(start)) start -= 1;
  return start;
}

/** The first, and what of the others is not among them, as often as it is there more often. */
function union(first: readonly Keyed[], others: readonly Keyed[]): Keyed[] {
  const left = new Map<string, number>();
  for (const { text } of first) left.set(text, (left.get(text) ?? 0) + 1);
  const more = others.filter(({ text }) => {
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count <= 0;
  });
  return [...first, ...more];
}

function keyedRow({ name, columns, eventTime }: HistoryView, row: Row): Keyed {
  const texts = columns.map((column) => {
    const value: FeatureValue = row[column.name] ?? null;
    const text = storedText(value, column.type);
    if (text !== undefined) return text;
    throw new CodedError('INVALID_INPUT', `A row of feature view ${name}: ${column.name} is not ${column.type}.`);
  });
  return { row, text: JSON.stringify(texts), eventTime: Number(row[eventTime ?? '']) };
}
