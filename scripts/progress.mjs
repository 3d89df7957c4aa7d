/** Prints the steps of a script, each with how long it took. */

const interactive = process.stdout.isTTY;

/** @param {number} milliseconds */
export function duration(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/**
 * Runs one step under its title. On a terminal the line counts the seconds while the step lasts.
 * @template T
 * @param {string} title such as `Installing dependencies`
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const startedAt = performance.now();
  const elapsed = () => duration(performance.now() - startedAt);
  if (!interactive) console.log(`  ${title} …`);
  const timer = interactive ? setInterval(() => process.stdout.write(`\r  ${title} … ${elapsed()}`), 100) : undefined;
  try {
    const result = await work();
    process.stdout.write(interactive ? `\r\x1b[2K  ✓ ${title} (${elapsed()})\n` : `  ✓ ${title} (${elapsed()})\n`);
    return result;
  } catch (error) {
    process.stdout.write(interactive ? `\r\x1b[2K  ✗ ${title} (${elapsed()})\n` : `  ✗ ${title} (${elapsed()})\n`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
