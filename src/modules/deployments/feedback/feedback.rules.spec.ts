import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { LoggedPrediction } from '../log/logged-prediction.js';
import { assertContent, assertFits, assertSame } from './feedback.rules.js';

const prediction: LoggedPrediction = {
  id: 'p',
  workspaceId: 'w',
  deploymentId: 'd',
  deployment: 'flowers',
  variant: 'main',
  role: 'CHAMPION',
  model: 'iris',
  version: 1,
  requestId: 'r',
  primaryId: null,
  latencyMs: 1,
  errorCode: null,
  sampled: true,
  createdAt: new Date(0),
  inputs: null,
  outputs: null,
  features: null,
  label: 'setosa',
};

function codeOf(action: () => void): string | undefined {
  try {
    action();
  } catch (error) {
    return error instanceof CodedError ? error.code : String(error);
  }
  return undefined;
}

describe('feedback', () => {
  it('is either a label or a reward', () => {
    expect(codeOf(() => assertContent({ label: 'a', reward: null }))).toBeUndefined();
    expect(codeOf(() => assertContent({ label: null, reward: 0 }))).toBeUndefined();
    expect(codeOf(() => assertContent({ label: null, reward: null }))).toBe('INVALID_INPUT');
    expect(codeOf(() => assertContent({ label: 'a', reward: 1 }))).toBe('INVALID_INPUT');
    expect(codeOf(() => assertContent({ label: null, reward: Infinity }))).toBe('INVALID_INPUT');
  });

  it('by label needs a predicted class, and none is for a shadow', () => {
    const [byLabel, byReward] = [
      { label: 'a', reward: null },
      { label: null, reward: 1 },
    ];
    const unlabelled = { ...prediction, label: null };
    expect(codeOf(() => assertFits(byLabel, prediction))).toBeUndefined();
    expect(codeOf(() => assertFits(byReward, unlabelled))).toBeUndefined();
    expect(codeOf(() => assertFits(byLabel, unlabelled))).toBe('INVALID_INPUT');
    expect(codeOf(() => assertFits(byReward, { ...prediction, primaryId: 'q' }))).toBe('INVALID_INPUT');
  });

  it('may be repeated but not changed', () => {
    const known = {
      predictionId: 'p',
      workspaceId: 'w',
      createdBy: 'u',
      createdAt: new Date(0),
      label: 'a',
      reward: null,
    };
    expect(codeOf(() => assertSame({ label: 'a', reward: null }, known))).toBeUndefined();
    expect(codeOf(() => assertSame({ label: 'b', reward: null }, known))).toBe('CONFLICT');
    expect(codeOf(() => assertSame({ label: null, reward: 1 }, known))).toBe('CONFLICT');
  });
});
