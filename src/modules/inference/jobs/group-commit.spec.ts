import { describe, expect, it } from 'vitest';
import { GroupCommit } from './group-commit.js';

/** A commit that ends when it is told to. */
function manual() {
  const groups: { items: readonly number[]; end: () => void }[] = [];
  const commit = (items: readonly number[]): Promise<number[]> =>
    new Promise((resolve) => {
      groups.push({ items, end: () => resolve(items.map((item) => item * 10)) });
    });
  return { groups, commit };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('GroupCommit', () => {
  it('joins what comes in one turn, and what comes while a call is under way', async () => {
    const { groups, commit } = manual();
    const group = new GroupCommit(commit);
    const first = [group.add(1), group.add(2)];
    await turn();
    const later = [group.add(3), group.add(4)];
    await turn();
    expect(groups.map(({ items }) => items)).toEqual([[1, 2]]);
    groups[0]?.end();
    expect(await Promise.all(first)).toEqual([10, 20]);
    await turn();
    expect(groups[1]?.items).toEqual([3, 4]);
    groups[1]?.end();
    expect(await Promise.all(later)).toEqual([30, 40]);
  });

  it('bounds a group by items and by bytes, yet takes one that is too large alone', async () => {
    const seen: (readonly number[])[] = [];
    const commit = async (items: readonly number[]) => {
      seen.push(items);
      return [...items];
    };
    const group = new GroupCommit(commit, { maxItems: 3, bytesOf: (item) => item, maxBytes: 10 });
    await Promise.all([1, 1, 1, 1, 50, 6, 6].map((item) => group.add(item)));
    expect(seen).toEqual([[1, 1, 1], [1], [50], [6], [6]]);
  });

  it('runs several calls at a time where that is allowed', async () => {
    const { groups, commit } = manual();
    const group = new GroupCommit(commit, { maxItems: 1, maxUnderWay: 2 });
    const all = [1, 2, 3].map((item) => group.add(item));
    await turn();
    await turn();
    await turn();
    expect(groups).toHaveLength(2);
    groups.forEach(({ end }) => end());
    await turn();
    await turn();
    groups[2]?.end();
    expect(await Promise.all(all)).toEqual([10, 20, 30]);
  });

  it('fails the whole group of a call that failed, and goes on', async () => {
    let calls = 0;
    const group = new GroupCommit<number, number>(async (items) => {
      calls += 1;
      if (calls === 1) throw new Error('down');
      return calls === 2 ? [] : [...items];
    });
    const first = await Promise.allSettled([group.add(1), group.add(2)]);
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(group.add(3)).rejects.toThrow('another number of results');
    await expect(group.add(4)).resolves.toBe(4);
  });
});
