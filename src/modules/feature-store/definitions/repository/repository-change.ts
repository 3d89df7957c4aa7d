import type { DefinitionChange } from '../definition-change.js';

export const definitionKinds = ['FEATURE_ENTITY', 'FEATURE_VIEW', 'FEATURE_SERVICE'] as const;

export type DefinitionKindName = (typeof definitionKinds)[number];

/** What becomes of one definition when a file is applied. */
export interface RepositoryChange {
  readonly kind: DefinitionKindName;
  readonly name: string;
  readonly change: DefinitionChange;
  /** The version that is the newest then; null for what has none, or is deleted. */
  readonly version: number | null;
  /** What differs from before. */
  readonly fields: readonly string[];
}

export const isPruned = ({ change }: RepositoryChange): boolean => change === 'DELETE';

export const unchangedCount = (changes: readonly RepositoryChange[]): number =>
  changes.filter(({ change }) => change === 'UNCHANGED').length;
