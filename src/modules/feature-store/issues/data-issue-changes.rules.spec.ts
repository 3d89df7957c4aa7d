import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesOf } from './data-issue-changes.rules.js';

const aspects = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
const findingOf = (aspect: string, message = 'found') => ({ aspect, message, evidence: {} });

describe('changesOf', () => {
  it('opens what is new, renews what is known, and resolves what is no longer found: each exactly once', () => {
    fc.assert(
      fc.property(aspects, aspects, (open, found) => {
        const changes = changesOf(
          open.map((aspect) => ({ aspect })),
          found.map((aspect) => findingOf(aspect)),
        );
        const opened = changes.opened.map(({ aspect }) => aspect);
        const renewed = changes.renewed.map(({ finding }) => finding.aspect);
        expect([...opened, ...renewed].sort()).toEqual(found.toSorted());
        expect([...renewed, ...changes.resolved.map(({ aspect }) => aspect)].sort()).toEqual(open.toSorted());
        expect(changes.renewed.every(({ issue, finding }) => issue.aspect === finding.aspect)).toBe(true);
      }),
    );
  });

  it('takes the first of findings of one aspect, and keeps their order', () => {
    const { opened } = changesOf([], [findingOf('b', 'one'), findingOf('a'), findingOf('b', 'two')]);
    expect(opened).toEqual([findingOf('b', 'one'), findingOf('a')]);
  });
});
