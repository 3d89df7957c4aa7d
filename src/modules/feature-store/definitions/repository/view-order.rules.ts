import type { DeclaredFeatureView, DeclaredView } from '../declared-definitions.js';

/** The order in which views can be applied, each after those that it reads; or a circle of views that read each other. */
export type ViewOrder =
  | { readonly order: readonly number[] }
  /** The first of them, and the names in the order in which they read each other. */
  | { readonly circle: readonly string[]; readonly at: number };

/** @returns positions in the list; views that do not wait for others stay in its order. */
export function viewOrder(views: readonly DeclaredFeatureView[]): ViewOrder {
  const positions = new Map(views.map(({ name }, index) => [name, index]));
  const reads = views.map((view) => readViews(view).flatMap(({ view: name }) => positions.get(name) ?? []));
  const order: number[] = [];
  const placed = new Set<number>();
  for (const start of views.keys()) {
    // By a path of our own: views may read each other in a row that is longer than the stack is deep.
    const path = [start];
    for (let current = path.at(-1); current !== undefined; current = path.at(-1)) {
      const next = placed.has(current) ? undefined : reads[current]?.find((index) => !placed.has(index));
      if (next === undefined) {
        if (!placed.has(current)) order.push(current);
        placed.add(current);
        path.pop();
      } else {
        if (path.includes(next)) return { circle: namesOf(views, path.slice(path.indexOf(next))), at: next };
        path.push(next);
      }
    }
  }
  return { order };
}

function readViews({ source }: DeclaredFeatureView): readonly DeclaredView[] {
  if (source.kind === 'FEATURE_VIEW') return [source];
  return source.kind === 'REQUEST' ? source.features : [];
}

const namesOf = (views: readonly DeclaredFeatureView[], positions: readonly number[]): string[] =>
  positions.map((position) => views[position]?.name ?? '');
