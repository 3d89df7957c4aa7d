/**
 * Runs items together; where that fails for a reason that lies with them, halves them until only those fail that are to
 * blame. With k bad ones among n that is about 2·k·log2(n) runs instead of n.
 * @param isBlamed whether the failure is that of the items; any other is thrown.
 * @returns results and failures, in the order of the items.
 */
export async function bisect<Item, Result>(
  items: readonly Item[],
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
  isBlamed: (error: unknown) => boolean,
  failed: (error: unknown) => Result,
): Promise<Result[]> {
  if (items.length === 0) return [];
  try {
    return [...(await run(items))];
  } catch (error) {
    if (!isBlamed(error)) throw error;
    if (items.length === 1) return [failed(error)];
    const middle = Math.ceil(items.length / 2);
    const first = await bisect(items.slice(0, middle), run, isBlamed, failed);
    return [...first, ...(await bisect(items.slice(middle), run, isBlamed, failed))];
  }
}
