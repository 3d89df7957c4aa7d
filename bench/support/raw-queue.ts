import { createPostgresBackend, Queue, setDefaultBackendFactory, Worker } from 'bullmq';

/** Jobs per second of BullMQ alone: `count` jobs are added, then drained by one worker that does nothing. */
const [connectionUrl = '', countText = '5000', concurrency = '64'] = process.argv.slice(2);
const count = Number(countText);
const isRedis = connectionUrl.startsWith('redis');
if (!isRedis) setDefaultBackendFactory(createPostgresBackend);
const connection = isRedis
  ? { url: connectionUrl, maxRetriesPerRequest: null }
  : { connectionString: connectionUrl, migrate: true };
const queue = new Queue('bench-raw', { connection });
await queue.obliterate({ force: true });
const jobs = Array.from({ length: count }, (_, index) => ({
  name: 'nothing',
  data: { id: index },
  opts: { removeOnComplete: true },
}));
for (let from = 0; from < count; from += 500) await queue.addBulk(jobs.slice(from, from + 500));
let done = 0;
const startedAt = performance.now();
await new Promise<void>((resolve) => {
  const worker = new Worker('bench-raw', () => Promise.resolve(), { connection, concurrency: Number(concurrency) });
  worker.on('completed', () => {
    done += 1;
    if (done === count) resolve();
  });
});
process.stdout.write(JSON.stringify({ perSecond: (count * 1000) / (performance.now() - startedAt) }));
await queue.obliterate({ force: true });
process.exit(0);
