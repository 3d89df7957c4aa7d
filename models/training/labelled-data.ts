/** Rows of features with the class of each. */
export interface LabelledData {
  readonly rows: number;
  /** Numbers in a row. */
  readonly columns: number;
  /** Row-major, rows × columns. */
  readonly features: Float32Array;
  readonly labels: readonly number[];
}

export interface LabelledRow {
  readonly features: ArrayLike<number>;
  readonly label: number;
}

export function labelledData(rows: readonly LabelledRow[]): LabelledData {
  const columns = rows[0]?.features.length ?? 0;
  const features = new Float32Array(rows.length * columns);
  for (const [index, row] of rows.entries()) features.set(row.features, index * columns);
  return { rows: rows.length, columns, features, labels: rows.map(({ label }) => label) };
}

export interface Split {
  readonly training: LabelledData;
  readonly heldOut: LabelledData;
}

/** Holds out the last of every `every` rows of each class, in the order of the data: no chance, and the same mix. */
export function splitByClass(rows: readonly LabelledRow[], every: number): Split {
  const seen = new Map<number, number>();
  const training: LabelledRow[] = [];
  const heldOut: LabelledRow[] = [];
  for (const row of rows) {
    const count = (seen.get(row.label) ?? 0) + 1;
    seen.set(row.label, count);
    (count % every === 0 ? heldOut : training).push(row);
  }
  return { training: labelledData(training), heldOut: labelledData(heldOut) };
}
