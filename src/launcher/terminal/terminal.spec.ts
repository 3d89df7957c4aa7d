import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { httpUrl } from './addresses.rules.js';
import { bannerLines } from './banner.rules.js';
import { durationText } from './duration.rules.js';
import { Terminal } from './terminal.js';

const facts = {
  url: 'http://127.0.0.1:3000',
  managementUrl: 'http://127.0.0.1:9464',
  email: 'admin@nestor.local',
  known: { password: 'secret', apiKey: 'nst_key' },
  credentialsPath: '/home/credentials.json',
  home: '/home',
  explorer: true,
};

describe('the banner', () => {
  it('names what is needed to begin', () => {
    const text = bannerLines(facts).join('\n');
    for (const part of [`${facts.url}/graphql`, facts.email, 'secret', 'nst_key', facts.credentialsPath])
      expect(text).toContain(part);
  });

  it('has a command that a shell passes on unchanged', () => {
    const data = /-d '(.*)'/.exec(bannerLines(facts).join('\n'))?.[1] ?? '';
    expect(data).not.toContain("'");
    expect(JSON.parse(data)).toEqual({ query: expect.stringContaining('predict(input: { model: "iris"') });
  });

  it('says how to get new credentials when they are gone', () => {
    const text = bannerLines({ ...facts, known: undefined, explorer: false }).join('\n');
    expect(text).toContain('npm start -- --reset-admin-password');
    expect(text).toContain('<your API key>');
    expect(text).not.toContain('explorer');
  });
});

it('writes durations for people', () => {
  expect([0.4, 340, 1_240, 125_000].map(durationText)).toEqual(['0 ms', '340 ms', '1.2 s', '2 min 5 s']);
});

it('writes addresses that can be opened', () => {
  expect(httpUrl('0.0.0.0', 80, '/x')).toBe('http://127.0.0.1:80/x');
  expect(httpUrl('::', 80, '')).toBe('http://[::1]:80');
  expect(httpUrl('fe80::1', 80, '')).toBe('http://[fe80::1]:80');
  expect(httpUrl('example.org', 80, '')).toBe('http://example.org:80');
});

const printed = async (interactive: boolean, use: (terminal: Terminal) => Promise<void>): Promise<string> => {
  const output = new PassThrough();
  await use(new Terminal(output, interactive));
  return String(output.read());
};

describe('Terminal', () => {
  it('prints each step with its time', async () => {
    const text = await printed(false, async (terminal) => {
      await terminal.step(
        'Work',
        async () => 3,
        (result) => `${result} parts`,
      );
    });
    expect(text).toMatch(/^ {2}✓ Work \(3 parts\) {2}\d+ ms\n$/);
  });

  it('marks a step that failed and passes the error on', async () => {
    const text = await printed(false, async (terminal) => {
      await expect(terminal.step('Work', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    });
    expect(text).toMatch(/^ {2}✗ Work/);
  });

  it('does not mix other lines into the line of the step in progress', async () => {
    const text = await printed(true, async (terminal) => {
      await terminal.step('Work', async () => terminal.line('note'));
    });
    expect(text.replace(/\d+ ms/, 'TIME').split('\r\u001B[K')).toEqual([
      '  … Work',
      'note\n  … Work',
      '  ✓ Work  TIME\n',
    ]);
  });
});
