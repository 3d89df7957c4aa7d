import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { InferRequest } from '../protocol/messages.js';
import { QueuedRequest, RequestQueue } from './request-queue.js';

const always = () => true;
const unlimited = () => Infinity;

const row: Tensor = { name: 'x', datatype: 'FP32', shape: [1, 1], data: new Uint8Array(4) };

function queued(arrivedAt: number, more: Partial<InferRequest> = {}): QueuedRequest {
  const request = { digest: 'model', batchable: true, deadlineMs: 60_000, tensors: [row], ...more };
  return new QueuedRequest(request, arrivedAt, () => undefined);
}

function filled(...requests: readonly QueuedRequest[]): RequestQueue {
  const queue = new RequestQueue();
  for (const request of requests) queue.push(request);
  return queue;
}

const arrivals = (members: readonly QueuedRequest[] = []) => members.map(({ arrivedAt }) => arrivedAt);

const priorities = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 30 });

describe('RequestQueue', () => {
  it('gives a model its requests by priority, and equal ones in the order of their arrival', () => {
    fc.assert(
      fc.property(priorities, fc.boolean(), fc.integer({ min: 1, max: 5 }), (given, batchable, limit) => {
        const requests = given.map((priority, index) => queued(index, { priority, batchable }));
        const queue = filled(...requests);
        const taken: QueuedRequest[] = [];
        for (let batch = queue.take(always, () => limit); batch; batch = queue.take(always, () => limit)) {
          expect(batch.members.length).toBeLessThanOrEqual(batchable ? limit : 1);
          taken.push(...batch.members);
        }
        const expected = requests.toSorted(
          (one, other) => one.priority - other.priority || one.arrivedAt - other.arrivedAt,
        );
        expect(arrivals(taken)).toEqual(arrivals(expected));
        expect(queue.hasModel('model')).toBe(false);
      }),
    );
  });

  it('lets no model push another aside, whatever priorities its requests have', () => {
    const queue = filled(
      queued(1, { digest: 'busy', priority: 9 }),
      queued(5, { digest: 'busy', priority: 1 }),
      queued(3, { digest: 'other', priority: 9 }),
    );
    const order = [1, 2, 3].map(() => queue.take(always, () => 1)?.members[0]?.arrivedAt);
    expect(order).toEqual([3, 5, 1]);
  });

  it('keeps a batch that is not full until it has waited for its delay, but no longer than half of a deadline', () => {
    const queue = filled(queued(100, { batchDelayMs: 50 }), queued(120, { batchDelayMs: 50 }));
    expect(queue.take(always, () => 3, 149)).toBeUndefined();
    expect(queue.nextRipeAt(always)).toBe(150);
    expect(queue.nextRipeAt(() => false)).toBeUndefined();
    expect(arrivals(queue.take(always, () => 3, 150)?.members)).toEqual([100, 120]);
    queue.push(queued(200, { batchDelayMs: 50, deadlineMs: 20 }));
    expect(queue.nextRipeAt(always)).toBe(210);
  });

  it('does not keep a batch that is full, nor requests that are not joined', () => {
    const full = filled(queued(1, { batchDelayMs: 50 }), queued(2, { batchDelayMs: 50 }));
    expect(full.take(always, () => 2, 3)?.rows).toBe(2);
    const alone = filled(queued(1, { batchDelayMs: 50, batchable: false }));
    expect(alone.nextRipeAt(always)).toBeUndefined();
    expect(alone.take(always, unlimited, 2)?.members).toHaveLength(1);
  });

  it('lets others go while a batch waits', () => {
    const queue = filled(queued(1, { digest: 'patient', batchDelayMs: 50 }), queued(2));
    expect(queue.take(always, unlimited, 3)?.digest).toBe('model');
    expect(queue.take(always, unlimited, 3)).toBeUndefined();
  });

  it('waits as long as the first of a batch may, whatever its priority', () => {
    const queue = filled(queued(1, { batchDelayMs: 50, priority: 2 }), queued(30, { batchDelayMs: 50, priority: 1 }));
    expect(queue.nextRipeAt(always)).toBe(51);
    expect(arrivals(queue.take(always, () => 9, 51)?.members)).toEqual([30, 1]);
  });

  it('drops what nobody waits for, and forgets a model with nothing left', () => {
    const [gone, late] = [queued(1), queued(2, { deadlineMs: 5 })];
    const queue = filled(gone, late);
    gone.isDone = true;
    const expired: QueuedRequest[] = [];
    queue.sweep(10, (request) => {
      expired.push(request);
      request.isDone = true;
    });
    expect(expired).toEqual([late]);
    expect(queue.hasModel('model')).toBe(false);
    queue.push(queued(3));
    expect(queue.remove('model')).toHaveLength(1);
    expect(queue.remove('model')).toEqual([]);
  });
});
