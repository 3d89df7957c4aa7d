import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../common/errors/coded-error.js';
import { Residents } from './residents.js';

const resident = (digest: string, bytes = 10, revision = 1) => ({ digest, bytes, revision });
const later = () => performance.now() + 3_600_000;

describe('Residents', () => {
  it('are loaded as long as they fit, the first even if it does not', () => {
    const residents = new Residents(25);
    residents.take({ residents: [resident('a'), resident('b', 20), resident('c')], refused: [] });
    expect(residents.due(later())).toEqual(['a', 'c']);
    expect(residents.failures).toMatchObject([
      { digest: 'b', error: { code: 'OVERLOADED', message: expect.stringMatching(/takes 20 bytes.*leave 15/) } },
    ]);
    expect(residents.isKept('b')).toBe(false);
    residents.take({ residents: [resident('b', 30)], refused: ['a'] });
    expect(residents.due(later())).toEqual(['b']);
    expect(residents.failures).toEqual([]);
    expect([...residents.refused]).toEqual(['a']);
  });

  it('are tried again in a while after they failed, and at once where something new was said', () => {
    const residents = new Residents(100);
    residents.take({ residents: [resident('a'), resident('b')], refused: [] });
    residents.noteFailure('a', new CodedError('MODEL_LOAD_FAILED', 'Broken.'));
    residents.noteFailure('stranger', new CodedError('MODEL_LOAD_FAILED', 'Broken.'));
    expect(residents.due(performance.now())).toEqual(['b']);
    expect(residents.due(later())).toEqual(['a', 'b']);
    const [first] = residents.failures;
    expect(first).toMatchObject({ digest: 'a', error: { code: 'MODEL_LOAD_FAILED' } });
    residents.take({ residents: [resident('a', 10, 2), resident('b')], refused: [] });
    expect(residents.due(performance.now())).toEqual(['a', 'b']);
    residents.noteFailure('a', new CodedError('MODEL_LOAD_FAILED', 'Broken.'));
    expect(residents.failures[0]?.attempt).toBeGreaterThan(first?.attempt ?? Infinity);
    residents.noteLoaded('a');
    expect(residents.failures).toEqual([]);
  });

  it('that had to leave wait before they come back', () => {
    const residents = new Residents(100);
    residents.take({ residents: [resident('a')], refused: [] });
    residents.noteEvicted('a');
    expect(residents.failures[0]?.error.message).toMatch(/had to leave/);
    expect(residents.due(performance.now())).toEqual([]);
    expect(residents.isKept('a')).toBe(true);
  });
});
