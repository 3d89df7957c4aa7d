import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LogFile, rotateLog } from './log-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nestor-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('keeps two files at most, however much is written', () => {
  const path = join(folder, 'api.log');
  const log = new LogFile(path, 100);
  for (let line = 0; line < 50; line += 1) log.append(`line ${line}\n`);
  log.close();
  expect(readdirSync(folder).toSorted()).toEqual(['api.log', 'api.log.1']);
  expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThan(250);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('appends to what an earlier start wrote, and gives its end', () => {
  const path = join(folder, 'api.log');
  writeFileSync(path, 'a\nb\n');
  const log = new LogFile(path);
  log.append('c\n');
  expect(log.tail(2)).toBe('b\nc');
  log.close();
});

it('sets aside a log that has grown, and minds no missing one', () => {
  const path = join(folder, 'postgres.log');
  rotateLog(path, 3);
  writeFileSync(path, 'abcd');
  rotateLog(path, 3);
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('abcd');
  expect(readdirSync(folder)).toEqual(['postgres.log.1']);
});
