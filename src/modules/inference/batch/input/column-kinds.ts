import type { ColumnKind, InputColumn } from './input-file.js';

const kindByType: Readonly<Record<string, ColumnKind>> = { string: 'TEXT', number: 'NUMBER', boolean: 'BOOLEAN' };

/** Gathers the columns of rows that need not all have the same ones, in the order in which they turn up. */
export class ColumnKinds {
  /** Undefined where a column held nothing but null so far. */
  private readonly kinds = new Map<string, ColumnKind | undefined>();

  get size(): number {
    return this.kinds.size;
  }

  /** @returns a name that no database can hold; undefined where there is none. */
  add(fields: Readonly<Record<string, unknown>>): string | undefined {
    for (const [name, value] of Object.entries(fields)) {
      const known = this.kinds.get(name);
      if (known === undefined && !isStorable(name)) return name;
      if (known === 'JSON') continue;
      const kind = value === null ? known : (kindByType[typeof value] ?? 'JSON');
      this.kinds.set(name, known === undefined || known === kind ? kind : 'JSON');
    }
    return undefined;
  }

  list(): InputColumn[] {
    return [...this.kinds].map(([name, kind]) => ({ name, kind: kind ?? 'JSON' }));
  }
}

/** PostgreSQL's texts hold neither U+0000 nor half a surrogate pair, both of which JSON can escape. */
function isStorable(name: string): boolean {
  return !name.includes('\0') && !/\p{Cs}/u.test(name);
}
