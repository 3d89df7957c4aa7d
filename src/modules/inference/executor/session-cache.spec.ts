import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simpleModel } from '../../../../test/support/onnx/models.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import { ModelSession } from './model-session.js';
import { SessionCache } from './session-cache.js';

const BYTES = 100;
const model = simpleModel();
const inputs = ['INPUT0', 'INPUT1'].map((name): Tensor => ({
  name,
  datatype: 'INT32',
  shape: [1, 16],
  data: new Uint8Array(64),
}));

/** A real session that counts its runs, and tells when it is released. */
async function open(): Promise<ModelSession & { runs: number; isReleased: boolean }> {
  const session = await ModelSession.open(model, { device: 'cpu', threads: 1, emptyFolder: '/nowhere' });
  const release = session.release.bind(session);
  const watched = Object.assign(session, { runs: 0, isReleased: false });
  watched.release = async () => {
    expect(watched.runs).toBe(0);
    expect(watched.isReleased).toBe(false);
    watched.isReleased = true;
    await release();
  };
  return watched;
}

type Watched = Awaited<ReturnType<typeof open>>;

async function run(session: Watched): Promise<void> {
  expect(session.isReleased).toBe(false);
  session.runs += 1;
  const { outputs } = await session.run(inputs);
  expect(outputs).toHaveLength(2);
  session.runs -= 1;
}

describe('SessionCache', () => {
  it('lets the least recently used one go, and those that are kept last', async () => {
    const cache = new SessionCache(3 * BYTES);
    for (const digest of ['a', 'b', 'c']) cache.add(digest, BYTES, await open());
    await cache.borrow('a', () => Promise.resolve());
    expect((await cache.makeRoom(BYTES, (digest) => digest === 'b')).map(({ digest }) => digest)).toEqual(['c']);
    expect((await cache.makeRoom(3 * BYTES, (digest) => digest === 'b')).map(({ digest }) => digest)).toEqual([
      'a',
      'b',
    ]);
    expect(cache.list()).toEqual([]);
  });

  it('releases nothing that is borrowed, and what left as soon as it is given back', async () => {
    const cache = new SessionCache(BYTES);
    const session = await open();
    cache.add('a', BYTES, session);
    await cache.borrow('a', async () => {
      expect(await cache.makeRoom(BYTES)).toEqual([]);
      await cache.remove('a');
      expect(cache.has('a')).toBe(false);
      expect(session.isReleased).toBe(false);
      await run(session);
    });
    expect(session.isReleased).toBe(true);
    expect(await cache.borrow('a', () => Promise.resolve(1))).toBeUndefined();
  });

  it('never runs what is released nor releases what runs, whatever is loaded, run and unloaded at a time', async () => {
    const digest = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.record({ digest, action: fc.constantFrom('load', 'run', 'run', 'unload'), delay: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const cache = new SessionCache(2 * BYTES);
        const opened: Watched[] = [];
        const opening = new Set<string>();
        const take = async (of: string): Promise<void> => {
          if (cache.has(of) || opening.has(of)) return;
          opening.add(of);
          await cache.makeRoom(BYTES, (other) => other === 'a');
          const session = await open();
          opened.push(session);
          cache.add(of, BYTES, session);
          opening.delete(of);
        };
        await Promise.all(
          steps.map(async ({ digest: of, action, delay }) => {
            await sleep(delay);
            if (action === 'load') await take(of);
            else if (action === 'run') await cache.borrow(of, ({ session }) => run(session as Watched));
            else await cache.remove(of);
          }),
        );
        for (const { digest: of } of cache.list()) await cache.remove(of);
        expect(opened.every(({ isReleased, runs }) => isReleased && runs === 0)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
