import type { DataIssueFinding } from './data-issue.js';

/** What becomes of the open issues of a scope by what is found now. */
export interface DataIssueChanges<Open> {
  readonly opened: readonly DataIssueFinding[];
  /** Still found: their evidence is that of now. */
  readonly renewed: readonly { readonly issue: Open; readonly finding: DataIssueFinding }[];
  /** Not found any more. */
  readonly resolved: readonly Open[];
}

/** @param findings of which an aspect may come once; the first of more counts. */
export function changesOf<Open extends { readonly aspect: string }>(
  open: readonly Open[],
  findings: readonly DataIssueFinding[],
): DataIssueChanges<Open> {
  const byAspect = new Map<string, DataIssueFinding>();
  for (const finding of findings) if (!byAspect.has(finding.aspect)) byAspect.set(finding.aspect, finding);
  const known = new Set(open.map(({ aspect }) => aspect));
  return {
    opened: [...byAspect.values()].filter(({ aspect }) => !known.has(aspect)),
    renewed: open.flatMap((issue) => {
      const finding = byAspect.get(issue.aspect);
      return finding === undefined ? [] : [{ issue, finding }];
    }),
    resolved: open.filter(({ aspect }) => !byAspect.has(aspect)),
  };
}
