import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelStages } from './model-stage.js';
import { planTransition, type StagedVersion } from './model-version.rules.js';

const stage = fc.constantFrom(...modelStages);
const versionsArbitrary = fc
  .array(stage, { minLength: 1, maxLength: 8 })
  .map((stages) => stages.map((stage, index): StagedVersion => ({ version: index + 1, stage })));

function apply(
  versions: readonly StagedVersion[],
  target: StagedVersion,
  to: StagedVersion['stage'],
  archive: boolean,
) {
  const inProduction = versions.filter((version) => version.stage === 'PRODUCTION');
  const changes = planTransition(target, to, archive, inProduction);
  const after = versions.map((version) => ({
    ...version,
    stage: changes.find((change) => change.version === version.version)?.to ?? version.stage,
  }));
  return { changes, after };
}

/** Versions, which of them moves, and where to. */
const moves = fc.tuple(versionsArbitrary, fc.nat(), stage, fc.boolean()).map(([versions, pick, to, archive]) => {
  const target = versions[pick % versions.length] ?? { version: 1, stage: 'NONE' };
  return { versions, target, to, archive, ...apply(versions, target, to, archive) };
});

describe('planTransition', () => {
  it('brings the version to the stage, from whichever it was in', () => {
    fc.assert(
      fc.property(moves, ({ after, target, to }) => {
        expect(after.find(({ version }) => version === target.version)?.stage).toBe(to);
      }),
    );
  });

  it('leaves one version in PRODUCTION when it archives the existing', () => {
    fc.assert(
      fc.property(moves, ({ versions, target }) => {
        const { after } = apply(versions, target, 'PRODUCTION', true);
        expect(after.filter(({ stage }) => stage === 'PRODUCTION')).toEqual([{ ...target, stage: 'PRODUCTION' }]);
      }),
    );
  });

  it('touches others only by archiving them on the way to PRODUCTION', () => {
    fc.assert(
      fc.property(moves, ({ changes, target, to, archive }) => {
        const others = changes.filter(({ version }) => version !== target.version);
        if (to !== 'PRODUCTION' || !archive) expect(others).toEqual([]);
        for (const change of others) expect(change).toMatchObject({ from: 'PRODUCTION', to: 'ARCHIVED' });
      }),
    );
  });

  it('changes nothing when it is repeated', () => {
    fc.assert(
      fc.property(moves, ({ after, target, to, archive }) => {
        const moved = { ...target, stage: to };
        expect(apply(after, moved, to, archive).changes).toEqual([]);
      }),
    );
  });
});
