import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PeriodicTask } from './periodic-task.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A task whose runs end when they are told to. */
function heldTask() {
  const ends: (() => void)[] = [];
  const work = vi.fn(() => new Promise<void>((resolve) => ends.push(resolve)));
  const endOne = async () => {
    ends.shift()?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { task: new PeriodicTask(100, work, () => undefined), work, endOne };
}

describe('PeriodicTask', () => {
  it('runs again and again, one at a time', async () => {
    const { task, work, endOne } = heldTask();
    task.start();
    expect(work).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(350);
    expect(work).toHaveBeenCalledTimes(1);
    await endOne();
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('runs once more for all who ask while it is under way', async () => {
    const { task, work, endOne } = heldTask();
    const first = task.run();
    const others = Promise.all([task.run(), task.run()]);
    expect(work).toHaveBeenCalledTimes(1);
    await endOne();
    expect(work).toHaveBeenCalledTimes(2);
    await endOne();
    await Promise.all([first, others]);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('goes on after a failure, which it tells', async () => {
    const failed = vi.fn();
    const lost = new Error('lost');
    const work = vi.fn().mockRejectedValueOnce(lost).mockResolvedValue(undefined);
    const task = new PeriodicTask(100, work, failed);
    await task.run();
    expect(failed.mock.calls).toEqual([[lost]]);
    await task.run();
    expect(work).toHaveBeenCalledTimes(2);
    expect(failed).toHaveBeenCalledOnce();
  });

  it('stops after what is under way, for good', async () => {
    const { task, work, endOne } = heldTask();
    task.start();
    void task.run();
    void task.run();
    const isStopped = vi.fn();
    const stopping = task.stop().then(isStopped);
    await vi.advanceTimersByTimeAsync(300);
    expect(isStopped).not.toHaveBeenCalled();
    await endOne();
    await stopping;
    await task.run();
    await vi.advanceTimersByTimeAsync(300);
    expect(work).toHaveBeenCalledTimes(1);
  });
});
