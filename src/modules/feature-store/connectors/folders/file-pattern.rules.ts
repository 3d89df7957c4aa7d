/**
 * Whether a name is one of a pattern: `*` stands for any characters, `?` for one. Takes time in proportion to both lengths at
 * most, whatever the pattern is.
 */
export function matchesPattern(name: string, pattern: string): boolean {
  const text = Array.from(name);
  const wanted = Array.from(pattern);
  let at = 0;
  let next = 0;
  /** The last `*` that was met, and where in the text what it stands for ends. */
  let star = -1;
  let starEnd = 0;
  while (at < text.length) {
    if (wanted[next] === '*') {
      star = next;
      starEnd = at;
      next += 1;
    } else if (next < wanted.length && (wanted[next] === '?' || wanted[next] === text[at])) {
      at += 1;
      next += 1;
    } else if (star === -1) {
      return false;
    } else {
      // It stands for one character more.
      starEnd += 1;
      at = starEnd;
      next = star + 1;
    }
  }
  return wanted.slice(next).every((character) => character === '*');
}
