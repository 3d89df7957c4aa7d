import type { ModelStage } from './model-stage.js';

export interface StagedVersion {
  readonly version: number;
  readonly stage: ModelStage;
}

export interface StageChange {
  readonly version: number;
  readonly from: ModelStage;
  readonly to: ModelStage;
}

/**
 * The changes that bring one version of a model to a stage. Every stage may follow every other, as a rollback takes an
 * archived version straight back to PRODUCTION; a version that is there already needs no change, so that a repeated
 * call is harmless. With `archiveExisting`, what else is in PRODUCTION leaves it when a version enters; without it
 * several may be there, and the one with the highest number is the one that is served.
 * @param inProduction the versions of the model that are in PRODUCTION now.
 */
export function planTransition(
  target: StagedVersion,
  stage: ModelStage,
  archiveExisting: boolean,
  inProduction: readonly StagedVersion[],
): StageChange[] {
  const own: StageChange[] = target.stage === stage ? [] : [{ version: target.version, from: target.stage, to: stage }];
  if (stage !== 'PRODUCTION' || !archiveExisting) return own;
  const leaving = inProduction.filter(({ version }) => version !== target.version);
  return [...own, ...leaving.map(({ version, stage: from }) => ({ version, from, to: 'ARCHIVED' as const }))];
}
