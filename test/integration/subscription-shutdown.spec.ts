import { pino } from 'pino';
import { expect, it } from 'vitest';
import { bootstrap } from '../../src/bootstrap.js';
import { startTestApi } from '../support/api.js';
import { connect } from '../support/subscriptions.js';

// Otherwise the api would wait for them until it is killed, and so would this test.
it('an api that stops says goodbye to its subscribers, and ends', async () => {
  const api = await startTestApi();
  const { apiKey } = await bootstrap(api.settings, pino({ level: 'silent' }), { resetAdminPassword: false });
  const client = connect(api.url, { 'x-api-key': apiKey });
  const connected = new Promise<void>((resolve) => client.on('connected', () => resolve()));
  const closed = new Promise<unknown>((resolve) => client.on('closed', resolve));
  const told = client.iterate({ query: 'subscription { dataIssueChanged { id } }' }).next();
  const ended = expect(told).rejects.toMatchObject({ code: 1001 });
  await connected;
  await api.close();
  expect(await closed).toMatchObject({ code: 1001 });
  await ended;
});
