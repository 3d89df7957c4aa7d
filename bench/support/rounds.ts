/**
 * Measures in turns, so that a slow moment of the machine meets all alike.
 * @returns for each its median turn.
 */
export async function inTurns<Result>(
  measures: readonly (() => Promise<Result>)[],
  rounds: number,
  figureOf: (result: Result) => number,
): Promise<Result[]> {
  const results: Result[][] = measures.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, measure] of measures.entries()) results[index]?.push(await measure());
  }
  return results.map((turns) => {
    const ordered = turns.sort((left, right) => figureOf(left) - figureOf(right));
    const median = ordered[Math.floor(ordered.length / 2)];
    if (median === undefined) throw new Error('A measure needs at least one round.');
    return median;
  });
}
