/** One flower of each species, which the example model knows for sure. */
export const irisRecords = [
  { label: 'setosa', record: { sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2 } },
  { label: 'versicolor', record: { sepalLength: 6.0, sepalWidth: 2.9, petalLength: 4.5, petalWidth: 1.5 } },
  { label: 'virginica', record: { sepalLength: 6.3, sepalWidth: 3.3, petalLength: 6.0, petalWidth: 2.5 } },
] as const;

/** Rows that cannot be run, each in its way. */
const badRows: readonly (readonly [string, RegExp])[] = [
  ['5.1,3.5,1.4,wide', /^INVALID_RECORD: petalWidth: is "wide"; it takes a number/],
  ['5.1,3.5,,0.2', /^INVALID_RECORD: petalLength: is missing; it takes a number/],
  ['5.1,3.5,NaN,0.2', /^INVALID_RECORD: petalLength: is "NaN"; it takes a number/],
  ['5.1,3.5', /^INVALID_RECORD: has 3 fields; the header has 5/],
];

/**
 * A CSV file of flowers, species after species, with a bad row here and there.
 * @returns its lines, and by the number of each bad row how its error begins.
 */
export function flowers(rows: number): { lines: string[]; bad: Map<number, RegExp> } {
  const bad = new Map<number, RegExp>();
  const lines = ['id,sepalLength,sepalWidth,petalLength,petalWidth'];
  for (let row = 1; row <= rows; row += 1) {
    const fault = row % 1_009 === 20 ? badRows[bad.size % badRows.length] : undefined;
    if (fault !== undefined) bad.set(row, fault[1]);
    const { record } = irisRecords[(row - 1) % 3] ?? irisRecords[0];
    lines.push(`flower ${row},${fault?.[0] ?? Object.values(record).join(',')}`);
  }
  return { lines, bad };
}
