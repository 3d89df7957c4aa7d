import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../../src/common/config/settings.js';
import { errorTable } from '../../src/common/errors/error-table.js';
import { packageRoot } from '../../src/common/process/package-root.js';

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const row = (...cells: string[]) => `| ${cells.map(cell).join(' | ')} |`;

/** Defaults that depend on the machine are told by the description. */
const machineDependent = new Set(['NESTOR_HOME', 'NESTOR_EXECUTORS', 'NESTOR_DATA_THREADS']);

function defaultOf(name: string, parsed: Readonly<Record<string, unknown>>): string {
  if (machineDependent.has(name)) return 'see text';
  const value = parsed[name];
  if (value === undefined) return 'not set';
  return Array.isArray(value) ? `\`${value.join(',')}\`` : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
}

// `npx vitest run test/architecture -u` writes both files anew.
describe('generated documents', () => {
  it('docs/configuration.md lists every setting', async () => {
    const defaults = settingsSchema.parse({});
    const rows = Object.entries(settingsSchema.shape).map(([name, schema]) => {
      expect(schema.description, `${name} has a description`).toBeTruthy();
      return row(`\`${name}\``, defaultOf(name, defaults), schema.description ?? '');
    });
    const text = `# Configuration

Every setting is an environment variable. They are checked together when a process starts: whatever is wrong is listed
at once, and a misspelt \`NESTOR_…\` name is an error. An empty variable counts as not set. This page is generated from
\`src/common/config/settings.ts\` and a test holds both together.

| variable | default | meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
    await expect(text).toMatchFileSnapshot(join(packageRoot, 'docs/configuration.md'));
  });

  it('docs/errors.md lists every error code', async () => {
    const rows = Object.entries(errorTable).map(([code, { status, meaning }]) =>
      row(`\`${code}\``, String(status), meaning),
    );
    const text = `# Errors

Every error a client can meet has one of these codes. GraphQL carries it in \`errors[].extensions.code\`, with
\`retryAfterMs\` where trying again later is worth it, \`details\` where there is more to say, and \`errorId\` where the
cause is only in the log. REST answers \`{ "error": { "code", "message", … } }\` with the status below, and
\`Retry-After\` in seconds. GraphQL answers 200 once an operation has started, and the status below when it was refused
before. What is refused before GraphQL sees it (a body that is too large or no JSON, another site) has the REST form, at
\`/graphql\`, too. What is not in this table never reaches a client: it becomes \`INTERNAL_SERVER_ERROR\` with an \`errorId\`.

This page is generated from \`src/common/errors/error-table.ts\` and a test holds both together.

| code | status | meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
    await expect(text).toMatchFileSnapshot(join(packageRoot, 'docs/errors.md'));
  });
});
