/** Far above what the order of additions makes of a sum of floats, far below what another model would answer. */
const TOLERANCE = 1e-3;

/** @throws when two answers of the same model hold other numbers, in whatever form they are. */
export function assertSameNumbers(expected: string, given: string, who: string): void {
  const [left, right] = [numbersOf(JSON.parse(expected)), numbersOf(JSON.parse(given))];
  const areSame =
    left.length === right.length && left.every((value, index) => Math.abs(value - (right[index] ?? NaN)) < TOLERANCE);
  if (!areSame || left.length === 0) throw new Error(`${who} answers ${given}, and Nestor ${expected}.`);
}

/** What is no value of a tensor. */
const beside: ReadonlySet<string> = new Set(['shape', 'parameters']);

/** The numbers of all tensors, in order. */
function numbersOf(json: unknown): number[] {
  if (typeof json === 'number') return [json];
  if (Array.isArray(json)) return json.flatMap(numbersOf);
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) => (beside.has(name) ? [] : numbersOf(value)));
}
