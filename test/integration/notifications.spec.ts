import type { Redis } from 'ioredis';
import { NestFactory } from '@nestjs/core';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigModule } from '../../src/common/config/config.module.js';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import { DatabaseModule } from '../../src/common/database/database.module.js';
import { channels, Notifications } from '../../src/common/notifications/notifications.js';
import { NotificationsModule } from '../../src/common/notifications/notifications.module.js';
import { PostgresNotifications } from '../../src/common/notifications/postgres-notifications.js';
import { RedisNotifications } from '../../src/common/notifications/redis-notifications.js';
import { LoggerModule } from '../../src/common/observability/logger.module.js';
import { connectRedis } from '../../src/common/redis/redis.module.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { testRedisUrl } from '../support/redis.js';
import { openRelay } from '../support/relay.js';
import { testSettings } from '../support/settings.js';

const logger = pino({ level: 'silent' });
const redisUrl = testRedisUrl();
const probe = { intervalMs: 400, timeoutMs: 200 };

/** The same server, through a relay. */
function through(port: number | undefined, url: string): string {
  const relayed = new URL(url);
  if (port !== undefined) [relayed.hostname, relayed.port] = ['127.0.0.1', String(port)];
  return relayed.href;
}

const serverOf = (url: string, defaultPort: number) => {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port || defaultPort) };
};

/** One process's end of the notifications. */
interface Peer {
  readonly notifications: Notifications & { onModuleInit(): Promise<void>; onApplicationShutdown(): unknown };
  close(): Promise<void>;
}

/** A server and how to cut the connections that listen to it, as the server. */
interface Backend {
  readonly name: string;
  open(): Promise<void>;
  /** @param port of a relay to the server, in place of the server's own. */
  peer(port?: number): Promise<Peer>;
  server(): { readonly host: string; readonly port: number };
  /** A peer whose way of sending is cut. */
  unreachable(): Promise<Peer>;
  cutListeners(): Promise<void>;
  close(): Promise<void>;
}

function postgresBackend(): Backend {
  let database: TestDatabase;
  let pool: DataSource;
  return {
    name: 'PostgreSQL',
    server: () => serverOf(database.url, 5432),
    open: async () => {
      database = await createTestDatabase();
      pool = await new DataSource({ ...dataSourceOptions(database.url, 3), entities: [] }).initialize();
    },
    peer: async (port) => {
      const notifications = new PostgresNotifications(through(port, database.url), pool, logger, probe);
      return { notifications, close: () => notifications.onApplicationShutdown() };
    },
    unreachable: async () => {
      const ended = await new DataSource({ ...dataSourceOptions(database.url, 1), entities: [] }).initialize();
      await ended.destroy();
      return { notifications: new PostgresNotifications(database.url, ended, logger), close: async () => undefined };
    },
    cutListeners: async () => {
      await pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'nestor notifications' AND datname = current_database()`,
      );
    },
    close: async () => {
      await pool.destroy();
      await database.drop();
    },
  };
}

function redisBackend(url: string): Backend {
  let admin: Redis;
  return {
    name: 'Redis',
    server: () => serverOf(url, 6379),
    open: async () => {
      admin = connectRedis(url, logger);
      await admin.ping();
    },
    peer: async (port) => {
      const redis = connectRedis(through(port, url), logger);
      const notifications = new RedisNotifications(redis, logger, probe);
      return {
        notifications,
        close: async () => {
          notifications.onApplicationShutdown();
          redis.disconnect();
        },
      };
    },
    unreachable: async () => {
      const ended = connectRedis(url, logger);
      ended.disconnect();
      return { notifications: new RedisNotifications(ended, logger), close: async () => undefined };
    },
    cutListeners: async () => {
      const clients = String(await admin.call('CLIENT', 'LIST'));
      const own = new RegExp(` name=nestor-notifications .* db=${new URL(url).pathname.slice(1)} `);
      const ours = clients.split('\n').filter((line) => own.test(line));
      for (const line of ours) await admin.call('CLIENT', 'KILL', 'ID', /^id=(\d+)/.exec(line)?.[1] ?? '');
    },
    close: async () => {
      admin.disconnect();
    },
  };
}

const backends = [postgresBackend(), ...(redisUrl === null ? [] : [redisBackend(redisUrl)])];

describe.each(backends)('notifications over $name', (backend) => {
  const peers: Peer[] = [];
  const started = async (port?: number): Promise<Peer['notifications']> => {
    const peer = await backend.peer(port);
    peers.push(peer);
    await peer.notifications.onModuleInit();
    return peer.notifications;
  };

  beforeAll(() => backend.open());
  afterAll(() => backend.close());
  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.close()));
  });

  describe('between two processes', () => {
    let one: Peer['notifications'];
    let other: Peer['notifications'];
    beforeEach(async () => {
      [one, other] = await Promise.all([started(), started()]);
    });

    it('reach every process, the sender included, on their channel alone, in order', async () => {
      const here: string[] = [];
      const there: string[] = [];
      const elsewhere: string[] = [];
      one.subscribe(channels.registryChanged, (message) => here.push(message));
      other.subscribe(channels.registryChanged, (message) => there.push(message));
      other.subscribe(channels.executorsChanged, (message) => elsewhere.push(message));
      const sent = Array.from({ length: 1_200 }, (_, index) => `workspace ${index} ü'"\\\n`);
      await Promise.all(sent.map((message) => one.publish(channels.registryChanged, message)));
      await one.publish(channels.executorsChanged, 'last');
      await vi.waitFor(() => expect(elsewhere).toEqual(['last']), 10_000);
      await vi.waitFor(() => expect(here).toEqual(sent), 10_000);
      expect(there).toEqual(sent);
    });

    it('carry 7,900 bytes and refuse one more', async () => {
      const received = vi.fn();
      other.subscribe(channels.inferenceJobChanged, received);
      await one.publish(channels.inferenceJobChanged, 'ü'.repeat(3_950));
      await vi.waitFor(() => expect(received).toHaveBeenCalledExactlyOnceWith('ü'.repeat(3_950)), 10_000);
      await expect(one.publish(channels.inferenceJobChanged, `${'ü'.repeat(3_950)}.`)).rejects.toThrow(
        'has 7901 bytes; at most 7900',
      );
    });

    it('stop for a listener that has ended, and go on for the others when one throws', async () => {
      const listener = vi.fn();
      const endFirst = one.subscribe(channels.registryChanged, listener);
      one.subscribe(channels.registryChanged, listener);
      one.subscribe(channels.registryChanged, () => {
        throw new Error('a fault of this listener');
      });
      const last = vi.fn();
      one.subscribe(channels.registryChanged, last);
      endFirst();
      await other.publish(channels.registryChanged, 'a');
      await vi.waitFor(() => expect(last).toHaveBeenCalledTimes(1), 10_000);
      expect(listener).toHaveBeenCalledTimes(1);
    });

    it('tell of a gap when the server cut the connection, and flow again', async () => {
      const gap = vi.fn();
      const ended = vi.fn();
      one.onGap(gap);
      one.onGap(ended)();
      const received: string[] = [];
      one.subscribe(channels.credentialsChanged, (message) => received.push(message));
      for (let cut = 1; cut <= 3; cut += 1) {
        const gapsBefore = gap.mock.calls.length;
        await backend.cutListeners();
        await vi.waitFor(() => expect(gap.mock.calls.length).toBeGreaterThan(gapsBefore), 10_000);
        // At most once: what is sent while the other end connects anew is lost, and the gap tells of it.
        await vi.waitFor(async () => {
          await other.publish(channels.credentialsChanged, `after cut ${cut}`);
          expect(received).toContain(`after cut ${cut}`);
        }, 10_000);
      }
      expect(ended).not.toHaveBeenCalled();
    });
  });

  it('wait for a server that is not there yet, and come back after an outage', async () => {
    const relay = await openRelay(backend.server());
    relay.down();
    const peer = await backend.peer(relay.port);
    peers.push(peer);
    const gap = vi.fn();
    peer.notifications.onGap(gap);
    const received: string[] = [];
    peer.notifications.subscribe(channels.registryChanged, (message) => received.push(message));
    const ready = peer.notifications.onModuleInit();
    await relay.nextRefusal();
    expect(gap).not.toHaveBeenCalled();
    relay.up();
    await ready;
    expect(gap).toHaveBeenCalledTimes(1);

    relay.down();
    await relay.nextRefusal();
    relay.up();
    await vi.waitFor(() => expect(gap).toHaveBeenCalledTimes(2), 10_000);
    const sender = await started();
    await sender.publish(channels.registryChanged, 'again');
    await vi.waitFor(() => expect(received).toEqual(['again']), 10_000);
    await relay.close();
  });

  it('notice a connection over which nothing comes any more', async () => {
    const relay = await openRelay(backend.server());
    const listening = await started(relay.port);
    const sending = await started();
    const gap = vi.fn();
    listening.onGap(gap);
    relay.loseAnswers();
    await relay.nextConnection();
    relay.down();
    relay.up();
    await vi.waitFor(() => expect(gap).toHaveBeenCalled(), 10_000);
    const received = vi.fn();
    listening.subscribe(channels.registryChanged, received);
    await sending.publish(channels.registryChanged, 'again');
    await vi.waitFor(() => expect(received).toHaveBeenCalledExactlyOnceWith('again'), 10_000);
    await relay.close();
  });

  it('say so when they cannot be sent', async () => {
    const peer = await backend.unreachable();
    await expect(peer.notifications.publish(channels.registryChanged, 'lost')).rejects.toThrow();
    await peer.close();
  });

  it('end while they wait for a server', async () => {
    const relay = await openRelay(backend.server());
    relay.down();
    const peer = await backend.peer(relay.port);
    void peer.notifications.onModuleInit();
    await relay.nextRefusal();
    await peer.close();
    relay.up();
    await relay.close();
  });
});

describe('the notifications of a process', () => {
  it.each(['PostgreSQL', ...(redisUrl === null ? [] : ['Redis'])])('go over %s, as the settings say', async (name) => {
    const url = name === 'Redis' ? redisUrl : null;
    const database = await createTestDatabase();
    const settings = testSettings({ DATABASE_URL: database.url, ...(url !== null && { REDIS_URL: url }) });
    const parts = [
      ConfigModule.forRoot(settings),
      LoggerModule.forRoot(logger),
      DatabaseModule.forRoot(),
      NotificationsModule,
    ];
    const app = await NestFactory.createApplicationContext(
      { module: class Root {}, imports: parts },
      { logger: false },
    );
    const received = vi.fn();
    const notifications = app.get(Notifications);
    expect(notifications).toBeInstanceOf(url === null ? PostgresNotifications : RedisNotifications);
    notifications.subscribe(channels.executorsChanged, received);
    await notifications.publish(channels.executorsChanged, 'host');
    await vi.waitFor(() => expect(received).toHaveBeenCalledExactlyOnceWith('host'), 10_000);
    await app.close();
    await database.drop();
  });
});
