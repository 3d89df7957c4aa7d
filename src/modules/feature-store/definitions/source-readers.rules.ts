import type { TypedColumn } from '../value-types.js';

/** What columns that are read become, where they do not stay as they are. */
export function brokenColumns(read: readonly TypedColumn[], now: readonly TypedColumn[]): string[] {
  const types = new Map(now.map(({ name, type }) => [name, type]));
  return read
    .filter(({ name, type }) => types.get(name) !== type)
    .map(({ name, type }) => {
      const other = types.get(name);
      return `${name} ${type} (${other === undefined ? 'removed' : `now ${other}`})`;
    });
}
