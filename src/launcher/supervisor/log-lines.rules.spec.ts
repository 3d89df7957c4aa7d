import { describe, expect, it } from 'vitest';
import { LineBudget, terminalLine } from './log-lines.rules.js';

describe('terminalLine', () => {
  it('shows warnings and errors in brief', () => {
    expect(terminalLine('{"level":"warn","msg":"slow","process":"api"}')).toBe('warn: slow');
    expect(terminalLine('{"level":"error","err":{"message":"no route","stack":"long"},"msg":"failed"}')).toBe(
      'error: failed: no route',
    );
  });

  it('hides what is usual', () => {
    expect(terminalLine('{"level":"info","msg":"ready"}')).toBeUndefined();
    expect(terminalLine('  ')).toBeUndefined();
  });

  it('shows what is no entry of ours as it is', () => {
    expect(terminalLine('Segmentation fault')).toBe('Segmentation fault');
    expect(terminalLine('{broken')).toBe('{broken');
    expect(terminalLine('x'.repeat(5_000))).toHaveLength(300);
  });
});

it('gives the terminal so many lines in each window and no more', () => {
  const budget = new LineBudget(3, 100);
  expect([0, 1, 2, 3].map((now) => budget.take(now))).toEqual(['show', 'show', 'last', 'hide']);
  expect(budget.take(100)).toBe('show');
});
