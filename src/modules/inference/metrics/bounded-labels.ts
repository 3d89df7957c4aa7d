export interface ModelLabels {
  readonly model: string;
  readonly version: string;
}

/** Most pairs of model and version that one process names; each makes dozens of time series. */
const MAX_PAIRS = 500;

const unresolved: ModelLabels = { model: '', version: '' };
const others: ModelLabels = { model: 'other', version: 'other' };

/** Label values of models: the first so many by name, all later ones as `other`, so that metrics stay bounded. */
export class BoundedLabels {
  private readonly known = new Map<string, ModelLabels>();

  constructor(private readonly maxPairs = MAX_PAIRS) {}

  of(target: { readonly model: string; readonly version: number } | null): ModelLabels {
    if (target === null) return unresolved;
    const key = `${target.model}\n${target.version}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (this.known.size >= this.maxPairs) return others;
    const labels = { model: target.model, version: String(target.version) };
    this.known.set(key, labels);
    return labels;
  }
}
