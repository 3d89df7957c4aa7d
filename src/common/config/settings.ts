import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { parsePrivateHost } from '../outbound/private-hosts.rules.js';
import { isWildcard, parseEndpoint } from '../tls/endpoint.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

const wholeNumber = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum);
const port = () => wholeNumber(0, 65_535);
const milliseconds = (minimum: number, maximum = 24 * 3_600_000) => wholeNumber(minimum, maximum);
const flag = () => z.enum(['true', 'false']).transform((text) => text === 'true');
const commaList = () =>
  z.string().transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );
const urlOf = (...schemes: string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol), {
    message: `must be a URL that starts with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
  });

const endpoint = () =>
  z.string().refine((text) => parseEndpoint(text) !== undefined, { message: 'must be host:port, or host:first-last' });

const singleEndpoint = () =>
  z.string().refine(
    (text) => {
      const { firstPort, lastPort } = parseEndpoint(text) ?? {};
      return firstPort !== undefined && firstPort === lastPort;
    },
    { message: 'must be host:port' },
  );

/** Where state lives when `NESTOR_HOME` is not set. As root it is a folder that the database's own user can reach. */
export function defaultHome(): string {
  return process.getuid?.() === 0 ? '/var/lib/nestor' : join(homedir(), '.nestor');
}

/**
 * Every setting of Nestor, read from environment variables of the same names. `describe` is what
 * `docs/configuration.md` says of it; a test holds the two together.
 */
export const settingsSchema = z.object({
  NESTOR_HOME: z
    .string()
    .min(1)
    .default(defaultHome)
    .describe('Folder that holds all state. Default: `~/.nestor`, or `/var/lib/nestor` as root.'),
  HOST: z.string().min(1).default('127.0.0.1').describe('Address the public and management ports listen on.'),
  PORT: port().default(3000).describe('Public port of the api: GraphQL and REST.'),
  GRPC_PORT: port()
    .optional()
    .describe('Port of the api for the Open Inference Protocol over gRPC (Triton has 8001). Off by default.'),
  MANAGEMENT_PORT: port().default(9464).describe('Port of the api for `/metrics` and `/health/*`.'),
  WORKER_MANAGEMENT_PORT: port().default(9465).describe('Port of the worker for `/metrics` and `/health/*`.'),
  NESTOR_PUBLIC_URL: urlOf('http:', 'https:')
    .optional()
    .describe('URL under which clients reach the api, where it is not `http://HOST:PORT`.'),
  NESTOR_TRUST_PROXY: flag()
    .default(false)
    .describe('Take the client address from `X-Forwarded-For`. Only behind a proxy that sets it.'),
  NESTOR_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least severe level that is logged.'),

  DATABASE_URL: urlOf('postgres:', 'postgresql:')
    .optional()
    .describe('PostgreSQL to use instead of the embedded one. The api and worker require it; `npm start` provides it.'),
  DATABASE_POOL_SIZE: wholeNumber(2, 500).default(10).describe('Connections that each process keeps to PostgreSQL.'),
  REDIS_URL: urlOf('redis:', 'rediss:')
    .optional()
    .describe('Redis for queues, notifications and rate limits. Without it PostgreSQL does all three.'),

  NESTOR_SECRET: z
    .string()
    .min(32)
    .optional()
    .describe(
      'Secret from which signing keys are derived, at least 32 characters. Default: made once, kept in `NESTOR_HOME/secret`.',
    ),
  NESTOR_PREVIOUS_SECRETS: commaList()
    .pipe(z.array(z.string().min(32)))
    .default([])
    .describe(
      'Secrets of before, comma-separated: what they encrypted is still read, and workers encrypt it anew when they start.',
    ),
  NESTOR_ADMIN_EMAIL: z.email().default('admin@nestor.local').describe('E-mail of the first administrator.'),
  NESTOR_ACCESS_TOKEN_SECONDS: wholeNumber(30, 86_400)
    .default(900)
    .describe('Lifetime of an access token, in seconds.'),
  NESTOR_REFRESH_TOKEN_SECONDS: wholeNumber(60, 365 * 86_400)
    .default(30 * 86_400)
    .describe('Lifetime of a refresh token, in seconds.'),
  NESTOR_CREDENTIAL_CACHE_MS: milliseconds(0, 60_000)
    .default(5_000)
    .describe('How long a verified key or token is trusted without asking the database: the bound on a revocation.'),
  NESTOR_SIGN_IN_LIMIT: wholeNumber(1, 10_000)
    .default(10)
    .describe('Sign-in attempts allowed per account, and ten times that per address, in each window.'),
  NESTOR_SIGN_IN_WINDOW_SECONDS: wholeNumber(1, 86_400)
    .default(300)
    .describe('Length of the sign-in window, in seconds.'),

  NESTOR_ARTIFACT_MAX_BYTES: wholeNumber(1, 1024 * GIB)
    .default(16 * GIB)
    .describe('Largest artifact that can be uploaded, in bytes.'),
  NESTOR_ARTIFACT_RETENTION_DAYS: wholeNumber(0, 36_500)
    .default(7)
    .describe('Days after which an artifact that nothing refers to is deleted; 0 for never.'),
  NESTOR_ARTIFACT_LISTEN: singleEndpoint()
    .optional()
    .describe(
      'Where the api lends its artifact store to workers on other machines, such as `10.0.0.1:7080`. Off by default.',
    ),
  NESTOR_ARTIFACT_SERVER: singleEndpoint()
    .optional()
    .describe(
      '`NESTOR_ARTIFACT_LISTEN` of the api whose artifact store is used instead of the folder in `NESTOR_HOME`.',
    ),
  NESTOR_MODEL_MAX_BYTES: wholeNumber(1, 2 * GIB - 1)
    .default(2 * GIB - 1)
    .describe('Largest ONNX model that can be registered, in bytes. Protobuf itself ends below 2 GiB.'),
  NESTOR_MODEL_MAX_NODES: wholeNumber(1, 10_000_000)
    .default(200_000)
    .describe('Most graph nodes of a model, subgraphs included.'),
  NESTOR_MODEL_CACHE_MAX_BYTES: wholeNumber(1, 1024 * GIB)
    .default(8 * GIB)
    .describe('Disk that a worker spends on its cache of model files, in bytes.'),

  NESTOR_BODY_MAX_BYTES: wholeNumber(KIB, 1 * GIB)
    .default(32 * MIB)
    .describe('Largest GraphQL request body, in bytes.'),
  NESTOR_BINARY_BODY_MAX_BYTES: wholeNumber(KIB, 1 * GIB)
    .default(64 * MIB)
    .describe('Largest request body with binary tensors (Open Inference Protocol), in bytes, also when decompressed.'),
  // Smaller ones leave in one flight of TCP however they are written (10 segments, RFC 6928), and are not worth the
  // 0.3 ms that compressing so much text takes.
  NESTOR_COMPRESSION_MIN_BYTES: wholeNumber(KIB, 1 * GIB)
    .default(16 * KIB)
    .describe(
      'Smallest answer of an inference (Open Inference Protocol) that is compressed where the client accepts it, in bytes.',
    ),
  NESTOR_REQUEST_STALL_MS: milliseconds(100, 3_600_000)
    .default(30_000)
    .describe(
      'Longest that headers may take, and that a body may neither end nor bring 500 bytes a second, in milliseconds.',
    ),
  NESTOR_JSON_TENSOR_MAX_ELEMENTS: wholeNumber(1, 100_000_000)
    .default(65_536)
    .describe('Most elements of one tensor given as JSON numbers; larger ones go as base64.'),
  NESTOR_GRAPHQL_MAX_DEPTH: wholeNumber(3, 100)
    .default(20)
    .describe('Deepest nesting of a GraphQL operation; the introspection query needs 15.'),
  NESTOR_GRAPHQL_MAX_TOKENS: wholeNumber(100, 100_000).default(4_000).describe('Most tokens of a GraphQL document.'),
  NESTOR_GRAPHQL_MAX_ALIASES: wholeNumber(1, 10_000)
    .default(100)
    .describe('Most aliases of a GraphQL operation, fragments expanded.'),
  NESTOR_GRAPHQL_MAX_FIELDS: wholeNumber(10, 100_000)
    .default(1_000)
    .describe('Most fields of a GraphQL operation, fragments expanded.'),
  NESTOR_GRAPHQL_MAX_ROOT_FIELDS: wholeNumber(1, 1_000)
    .default(50)
    .describe('Most root fields of a GraphQL operation.'),
  NESTOR_PAGE_MAX_SIZE: wholeNumber(1, 10_000).default(200).describe('Most rows of one page of a list.'),
  NESTOR_CORS_ORIGINS: commaList()
    .default([])
    .describe('Origins allowed to call from a browser, comma-separated, such as `https://studio.apollographql.com`.'),
  NESTOR_INTROSPECTION: flag().default(true).describe('Whether the GraphQL schema can be introspected.'),
  NESTOR_EXPLORER: flag().default(true).describe('Whether a browser at `/graphql` gets the explorer.'),
  APOLLO_KEY: z.string().min(1).optional().describe('Apollo Studio key; when set, usage is reported there.'),
  APOLLO_GRAPH_REF: z.string().min(1).optional().describe('Apollo Studio graph, such as `nestor@current`.'),

  NESTOR_EXECUTORS: wholeNumber(0, 1_024)
    .default(() => Math.max(1, Math.min(4, availableParallelism() - 1)))
    .describe('Executor processes of a worker. Default: cores − 1, at least 1, at most 4.'),
  NESTOR_POOL: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a pool is named by lower-case letters, digits and hyphens')
    .default('default')
    .describe('Pool that the executors of a worker belong to; `scaleExecutorPool` changes its size while it works.'),
  NESTOR_DEVICES: commaList()
    .pipe(z.array(z.string().regex(/^(cpu|cuda:\d{1,2})$/, 'each device is `cpu` or `cuda:0`, `cuda:1`, …')).min(1))
    .default(['cpu'])
    .describe('Devices of the executors, comma-separated and dealt out in turn: `cpu`, `cuda:0`, …'),
  NESTOR_EXECUTOR_MEMORY_BYTES: wholeNumber(256 * MIB, 1024 * GIB)
    .default(4 * GIB)
    .describe('Memory that one executor may hold; above it is refused by the system or the process is killed.'),
  NESTOR_EXECUTOR_CACHE_BYTES: wholeNumber(1 * MIB, 1024 * GIB)
    .default(1 * GIB)
    .describe('Bytes of model files that one executor keeps loaded; the least recently used model leaves first.'),
  NESTOR_EXECUTOR_RUN_TIMEOUT_MS: milliseconds(100)
    .default(60_000)
    .describe('Longest an executor may be busy with one load or run before it is killed, in milliseconds.'),
  NESTOR_EXECUTOR_BATCH_MS: milliseconds(1, 60_000)
    .default(50)
    .describe('Time that one batch may take, by what was learned of the model, in milliseconds.'),
  NESTOR_EXECUTOR_MAX_BATCH_ROWS: wholeNumber(1, 65_536).default(256).describe('Most rows of one batch.'),
  NESTOR_EXECUTOR_MAX_LOADS: wholeNumber(1, 1_000_000)
    .default(500)
    .describe('Model loads after which an executor is replaced by a fresh process.'),
  NESTOR_EXECUTOR_THREADS: wholeNumber(1, 256).default(1).describe('Threads of one model run (intra-op).'),
  NESTOR_EXECUTOR_LISTEN: endpoint()
    .optional()
    .describe(
      'Where executors listen for other machines, such as `0.0.0.0:7100-7199`: each takes the first free port, 0 is any. ' +
        'Default: Unix sockets, for processes of the same machine.',
    ),
  NESTOR_EXECUTOR_ADVERTISE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Name or address by which other machines reach the executors. Default: the host of `NESTOR_EXECUTOR_LISTEN`.',
    ),
  LD_LIBRARY_PATH: z
    .string()
    .min(1)
    .optional()
    .describe('Folders of shared libraries. Of all variables the one that executors are given too: CUDA may need it.'),

  NESTOR_PREDICT_CONCURRENCY: wholeNumber(1, 100_000)
    .default(100)
    .describe(
      'Predictions that one api process works on at once; more are refused with `OVERLOADED`, but for those that ' +
        '`NESTOR_PREDICT_WAIT_MS` lets in.',
    ),
  NESTOR_PREDICT_WAIT_MS: milliseconds(0, 60_000)
    .default(1_000)
    .describe(
      'Beyond `NESTOR_PREDICT_CONCURRENCY` as many predictions are let in as are answered within this time at the rate of ' +
        'the last second, in milliseconds. 0: none.',
    ),
  NESTOR_PREDICT_TIMEOUT_MS: milliseconds(1)
    .default(30_000)
    .describe('Deadline of a prediction that names none, in milliseconds.'),
  NESTOR_PREDICT_MAX_TIMEOUT_MS: milliseconds(1)
    .default(300_000)
    .describe('Longest deadline a caller may ask for, in milliseconds.'),
  NESTOR_RESPONSE_CACHE_BYTES: wholeNumber(1 * MIB, 1024 * GIB)
    .default(256 * MIB)
    .describe('Bytes of answers that one api process may remember, by the serving policies of all models together.'),
  NESTOR_SHUTDOWN_TIMEOUT_MS: milliseconds(100, 600_000)
    .default(10_000)
    .describe('How long work in flight may finish after a stop was asked for, in milliseconds.'),

  NESTOR_JOB_CONCURRENCY: wholeNumber(1, 10_000)
    .default(256)
    .describe('Most inference jobs that one worker process has in hand at once; fewer while they are slow.'),
  NESTOR_JOB_ATTEMPTS: wholeNumber(1, 100).default(5).describe('Attempts of a queued inference before it is DEAD.'),
  NESTOR_JOB_BACKOFF_MS: milliseconds(1, 3_600_000)
    .default(1_000)
    .describe('Wait before the second attempt, in milliseconds; doubled each time, with jitter.'),
  NESTOR_JOB_SWEEP_MS: milliseconds(100)
    .default(10_000)
    .describe('How often jobs that no queue knows are looked for, in milliseconds.'),
  NESTOR_JOB_RETENTION_DAYS: wholeNumber(1, 36_500).default(30).describe('Days after which ended jobs are deleted.'),

  NESTOR_BATCH_CONCURRENCY: wholeNumber(1, 1_000)
    .default(2)
    .describe('Chunks of batch inferences that one worker process has in hand at once.'),
  NESTOR_BATCH_CHUNK_ROWS: wholeNumber(1, 100_000)
    .default(1_000)
    .describe('Rows of one chunk of a batch inference that asks for no number.'),
  NESTOR_BATCH_CHUNK_BYTES: wholeNumber(KIB, 256 * MIB)
    .default(1 * MIB)
    .describe('Most bytes of one chunk; a longer row is a chunk of its own.'),
  NESTOR_BATCH_MAX_ROW_BYTES: wholeNumber(KIB, 256 * MIB)
    .default(1 * MIB)
    .describe('Longest row of the file of a batch inference, in bytes.'),
  NESTOR_BATCH_MAX_COLUMNS: wholeNumber(1, 100_000)
    .default(4_096)
    .describe('Most columns of the file of a batch inference.'),
  NESTOR_BATCH_MAX_ROWS: wholeNumber(1, 1_000_000_000)
    .default(10_000_000)
    .describe('Most rows of the file of a batch inference.'),
  NESTOR_BATCH_UNPACKED_MAX_BYTES: wholeNumber(KIB, 1024 * GIB)
    .default(8 * GIB)
    .describe('Most bytes of the rows of a Parquet file, once unpacked.'),
  NESTOR_BATCH_READER_MEMORY_BYTES: wholeNumber(256 * MIB, 1024 * GIB)
    .default(1 * GIB)
    .describe('Memory that the process may hold which unpacks a Parquet file, in bytes.'),

  NESTOR_DATA_CONCURRENCY: wholeNumber(1, 1_000)
    .default(2)
    .describe('Pieces of work on data that one process has in hand at once, each with an engine of its own.'),
  NESTOR_DATA_FOLDERS: commaList()
    .default([])
    .describe(
      'Folders of workers whose files data sources of any workspace may collect, comma-separated, as paths from the root. ' +
        'Default: none.',
    ),
  NESTOR_DATA_FOLDER_SETTLE_MS: milliseconds(0)
    .default(5_000)
    .describe('A file of a folder that was changed within so many milliseconds is left to the next collection.'),
  NESTOR_DATA_MEMORY_BYTES: wholeNumber(64 * MIB, 1024 * GIB)
    .default(1 * GIB)
    .describe('Memory that one piece of work on data may hold; what is more goes to temporary files.'),
  NESTOR_DATA_MAX_ROWS: wholeNumber(1, 10_000_000_000)
    .default(100_000_000)
    .describe('Most rows of one batch of a data source.'),
  NESTOR_DATA_MAX_ROW_BYTES: wholeNumber(KIB, 256 * MIB)
    .default(2 * MIB)
    .describe('Longest row of a CSV or JSON file of a data source, in bytes.'),
  NESTOR_DATA_PARITY_MS: milliseconds(50, 24 * 3_600_000)
    .default(10 * 60_000)
    .describe('How often samples of each materialized feature view are compared online and offline, in milliseconds.'),
  NESTOR_DATA_PARITY_SAMPLES: wholeNumber(1, 100_000)
    .default(100)
    .describe('Entities of a feature view that are compared each time.'),
  NESTOR_DATA_QUALITY_MS: milliseconds(50, 24 * 3_600_000)
    .default(10 * 60_000)
    .describe('How often the quality of each data source is measured besides after its collections, in milliseconds.'),
  NESTOR_DATA_QUALITY_RETENTION_DAYS: wholeNumber(1, 3_650)
    .default(90)
    .describe('How long measurements of the quality of data are kept, in days.'),
  NESTOR_DATA_RETENTION_MS: milliseconds(50, 24 * 3_600_000)
    .default(3_600_000)
    .describe('How often snapshots that need not be kept any more are looked for, in milliseconds.'),
  NESTOR_DATA_STATEMENT_TIMEOUT_MS: milliseconds(100)
    .default(30 * 60_000)
    .describe('Longest that one statement of a collection may take, in milliseconds.'),
  NESTOR_DATA_STREAM_BATCH_BYTES: wholeNumber(KIB, 1 * GIB)
    .default(16 * MIB)
    .describe('Most bytes of one micro-batch of a stream, of which a few entries more may be read.'),
  NESTOR_DATA_STREAM_BATCH_ROWS: wholeNumber(1, 1_000_000)
    .default(50_000)
    .describe('Most entries of one micro-batch of a stream.'),
  NESTOR_DATA_STREAM_ROUND_MS: milliseconds(50)
    .default(1_000)
    .describe('How often a worker looks which streams are due to be read, in milliseconds.'),
  NESTOR_DATA_TEMPORARY_MAX_BYTES: wholeNumber(64 * MIB, 1024 * GIB)
    .default(32 * GIB)
    .describe('Most bytes of the temporary files of one piece of work on data.'),
  NESTOR_DATA_THREADS: wholeNumber(1, 256)
    .default(() => Math.min(4, availableParallelism()))
    .describe('Threads of one piece of work on data. Default: cores, at most 4.'),
  NESTOR_DATA_UNPACKED_MAX_BYTES: wholeNumber(1 * MIB, 1024 * GIB)
    .default(64 * GIB)
    .describe('Most bytes that a compressed file of a data source may unpack to.'),

  NESTOR_DATA_SCHEDULE_MS: milliseconds(100)
    .default(5_000)
    .describe('How often workers look for data sources whose refresh is due, in milliseconds.'),
  NESTOR_SOURCE_TIMEOUT_MS: milliseconds(100)
    .default(30 * 60_000)
    .describe('Longest that a database or an API may take to be read for one batch, in milliseconds.'),

  NESTOR_SOURCE_REQUEST_TIMEOUT_MS: milliseconds(100)
    .default(30_000)
    .describe('Longest that one request to an API may take, to its last byte, in milliseconds.'),
  NESTOR_SOURCE_PAGE_MAX_BYTES: wholeNumber(KIB, 256 * MIB)
    .default(32 * MIB)
    .describe('Largest page of an API, in bytes.'),
  NESTOR_SOURCE_MAX_PAGES: wholeNumber(1, 1_000_000)
    .default(10_000)
    .describe('Most pages of an API that are read for one batch.'),
  NESTOR_SOURCE_MAX_BYTES: wholeNumber(KIB, 1024 * GIB)
    .default(4 * GIB)
    .describe('Most bytes of an API that are read for one batch.'),

  NESTOR_OUTBOUND_PRIVATE_HOSTS: commaList()
    .pipe(
      z.array(
        z.string().refine((text) => parsePrivateHost(text) !== undefined, {
          message:
            'each is a name or an address, with `:port` where only that is meant, or a block such as `10.0.0.0/8`',
        }),
      ),
    )
    .default([])
    .describe(
      'Hosts of private networks that data sources may connect to, comma-separated: names and addresses, with `:port` where ' +
        'only that is meant, and blocks such as `10.0.0.0/8`. All others must have public addresses.',
    ),

  NESTOR_FEATURE_REPOSITORY_MAX_BYTES: wholeNumber(KIB, 16 * MIB)
    .default(256 * KIB)
    .describe('Longest file of feature definitions, in bytes; it is read in one go by the api process.'),
  NESTOR_ONLINE_MAX_ENTITIES: wholeNumber(1, 100_000)
    .default(1_000)
    .describe('Most entities whose features one call reads online.'),
  NESTOR_ONLINE_HISTORY_MAX_ROWS: wholeNumber(1, 1_000_000)
    .default(10_000)
    .describe('Most rows of one entity that are kept online, because windows of its features look back at them.'),
  NESTOR_PUSH_MAX_ROWS: wholeNumber(1, 100_000).default(10_000).describe('Most rows that one call pushes to a view.'),
  NESTOR_PUSH_ROUND_MS: milliseconds(50, 3_600_000)
    .default(10_000)
    .describe('How often rows that were pushed to sources are gathered into a collection, in milliseconds.'),
  NESTOR_PUSH_KNOWN_DAYS: wholeNumber(1, 3_650)
    .default(7)
    .describe('Days for which a row is known again that is pushed to a source once more.'),

  NESTOR_SHADOW_CONCURRENCY: wholeNumber(1, 10_000)
    .default(8)
    .describe('Copies of predictions that one api process has run on shadows at once; more are dropped.'),
  NESTOR_PREDICTION_LOG_BUFFER: wholeNumber(1, 10_000_000)
    .default(10_000)
    .describe('Predictions that may wait to be logged; when full, further ones are not logged.'),
  NESTOR_PREDICTION_LOG_RETENTION_DAYS: wholeNumber(1, 36_500)
    .default(30)
    .describe('Days after which logged predictions are deleted.'),

  NESTOR_CANARY_CHECK_MS: milliseconds(50, 3_600_000)
    .default(1_000)
    .describe('How often a worker looks at running canaries, in milliseconds.'),

  NESTOR_AUDIT_BUFFER: wholeNumber(1, 10_000_000)
    .default(10_000)
    .describe('Prediction events that may wait to be written; when full, predictions are refused.'),
});

/** The settings of one process, validated. */
export type Settings = Readonly<z.output<typeof settingsSchema>>;
export type SettingName = keyof z.input<typeof settingsSchema>;

/** Settings whose values must not be repeated in a message or a log. */
const confidential: ReadonlySet<string> = new Set<SettingName>([
  'NESTOR_SECRET',
  'NESTOR_PREVIOUS_SECRETS',
  'DATABASE_URL',
  'REDIS_URL',
  'APOLLO_KEY',
]);

/** All that is wrong with the environment, one line for each setting. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

/**
 * Reads the settings from environment variables. An empty variable counts as not set.
 * @throws {SettingsError} with every problem at once.
 */
export function loadSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = settingsSchema.safeParse(given);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => {
        const name = String(issue.path[0]);
        return `${name}: ${issue.message}${confidential.has(name) ? '' : ` (it is ${JSON.stringify(given[name])})`}`;
      });
  problems.push(...unknownSettings(given));
  if (parsed.success) problems.push(...contradictions(parsed.data));
  if (!parsed.success || problems.length > 0) throw new SettingsError(problems);
  return parsed.data;
}

/** A misspelt `NESTOR_…` variable would otherwise be ignored in silence. */
function unknownSettings(given: Readonly<Record<string, unknown>>): string[] {
  const known = new Set(Object.keys(settingsSchema.shape));
  return Object.keys(given)
    .filter((name) => name.startsWith('NESTOR_') && !known.has(name))
    .map((name) => `${name}: there is no such setting; docs/configuration.md lists them all`);
}

/** What is wrong with settings that are right one by one. */
function contradictions(settings: Settings): string[] {
  const { NESTOR_EXECUTOR_LISTEN: listen, NESTOR_EXECUTOR_ADVERTISE: advertise } = settings;
  const host = listen === undefined ? undefined : parseEndpoint(listen)?.host;
  const problems: string[] = [];
  if (host !== undefined && isWildcard(host) && advertise === undefined) {
    problems.push(
      `NESTOR_EXECUTOR_ADVERTISE: must say by which name other machines reach this one, as NESTOR_EXECUTOR_LISTEN (${listen}) does not`,
    );
  }
  if (settings.NESTOR_ARTIFACT_SERVER !== undefined && settings.NESTOR_SECRET === undefined) {
    problems.push('NESTOR_SECRET: must be given where NESTOR_ARTIFACT_SERVER is: the same as on the other machine');
  }
  return problems;
}
