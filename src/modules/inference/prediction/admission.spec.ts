import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../common/errors/coded-error.js';
import { Admission } from './admission.js';

function refusalOf(admission: Admission): CodedError {
  try {
    admission.enter();
  } catch (error) {
    if (error instanceof CodedError) return error;
  }
  throw new Error('nobody was refused');
}

describe('Admission', () => {
  it('refuses what is above its places at once, and lets in again when one left', () => {
    const admission = new Admission(2);
    admission.enter();
    admission.enter();
    expect(admission.inFlight).toBe(2);
    expect(refusalOf(admission).code).toBe('OVERLOADED');
    admission.leave(5);
    admission.enter();
    expect(admission.inFlight).toBe(2);
  });

  it('lets more in while they are answered fast enough, and no longer', async () => {
    const admission = new Admission(1, 'predictions', 200);
    for (let answered = 0; answered < 50; answered += 1) {
      admission.enter();
      admission.leave(1);
    }
    // 50 answers in the last second: 10 of them within 200 ms.
    for (let inside = 0; inside < 10; inside += 1) admission.enter();
    expect(refusalOf(admission).message).toContain('All 10 places');
    await sleep(1_200);
    expect(refusalOf(admission).message).toContain('All 1 places');
    for (let inside = 0; inside < 10; inside += 1) admission.leave(1_200);
    admission.enter();
    expect(admission.inFlight).toBe(1);
  });

  it('learns from recent latency when it is worth trying again, within bounds', () => {
    const admission = new Admission(1);
    const hintAfter = (latencyMs: number, times: number) => {
      for (let index = 0; index < times; index += 1) {
        admission.enter();
        admission.leave(latencyMs);
      }
      admission.enter();
      const hint = refusalOf(admission).retryAfterMs ?? 0;
      admission.leave(latencyMs);
      return hint;
    };
    const quick = hintAfter(1, 50);
    const slow = hintAfter(900, 100);
    expect(quick).toBe(20);
    expect(slow).toBeGreaterThan(800);
    expect(slow).toBeLessThanOrEqual(900);
    expect(hintAfter(1e9, 100)).toBe(10_000);
  });

  it('closes: refuses everybody, waits for those inside, and no longer than it is told', async () => {
    const idle = new Admission(1);
    await idle.close(60_000);
    expect(refusalOf(idle).code).toBe('SHUTTING_DOWN');

    const busy = new Admission(1);
    busy.enter();
    let isClosed = false;
    const closing = busy.close(60_000).then(() => {
      isClosed = true;
    });
    await Promise.resolve();
    expect(isClosed).toBe(false);
    busy.leave(1);
    await closing;

    const stuck = new Admission(1);
    stuck.enter();
    await stuck.close(1);
    expect(stuck.inFlight).toBe(1);
  });
});
