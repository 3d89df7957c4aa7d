import { expect, it } from 'vitest';
import { serverArguments } from './server-arguments.rules.js';

const parameters = { dataFolder: '/data', port: 25_432, maxConnections: 50 };

it('listens on the loopback address alone and keeps what it acknowledged', () => {
  const line = serverArguments({ ...parameters, durable: true }).join(' ');
  expect(line).toContain('-D /data ');
  expect(line).toContain('-c listen_addresses=127.0.0.1 ');
  expect(line).toContain('-c unix_socket_directories= ');
  expect(line).toContain('-c port=25432 ');
  expect(line).toContain('-c max_connections=50 ');
  expect(line).not.toMatch(/fsync|synchronous_commit|full_page_writes/);
});

it('gives durability up only when told to', () => {
  expect(serverArguments({ ...parameters, durable: false })).toContain('fsync=off');
});
