import { describe, expect, it } from 'vitest';
import { NORMAL_975, normalTwoSided, studentCritical, studentTwoSided } from './distributions.rules.js';

/** Expected values: scipy 1.17.1, `scipy.stats.norm` and `scipy.stats.t`. */
describe('distributions', () => {
  it.each([
    [0, 1],
    [0.5, 2 * (1 - 0.6914624612740131)],
    [-1, 2 * 0.15865525393145707],
    [1.96, 2 * (1 - 0.9750021048517795)],
    [3, 2 * (1 - 0.9986501019683699)],
    [-5, 2 * 2.866515718791933e-7],
    [NORMAL_975, 0.05],
  ])('normal: beyond %f by either sign is %f', (z, p) => {
    expect(normalTwoSided(z) / p).toBeCloseTo(1, 9);
  });

  it.each([
    [0, 5, 1],
    [1, 1, 0.5],
    [-2.5, 3.7, 0.07182202291182678],
    [2, 30, 0.054625044962983094],
    [4.2, 100.5, 5.78258825039218e-5],
    [1.96, 1e6, 0.04999606758526985],
  ])("Student's t: beyond %f with %f degrees of freedom is %f", (t, df, p) => {
    expect(studentTwoSided(t, df) / p).toBeCloseTo(1, 8);
  });

  it.each([
    [1, 12.706204736174694],
    [5.5, 2.501858617589239],
    [30, 2.0422724563012378],
    [1_000, 1.9623390808264083],
  ])("Student's t with %f degrees of freedom exceeds %f with probability 0.05", (df, critical) => {
    expect(studentCritical(0.05, df)).toBeCloseTo(critical, 8);
  });
});
