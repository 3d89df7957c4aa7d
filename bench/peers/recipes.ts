import type { ComparedModel } from '../support/requests.js';

/** How another server is run with one of the models, by its own documentation (docs/benchmarks.md tells where). */
export interface Recipe {
  readonly name: string;
  /** Of `bench/peers/`, and of the package that is served with. */
  readonly folder: string;
  /** A program of the virtual environment and its parameters, run in a copy of the folder. */
  readonly command: (port: number) => readonly [program: string, ...parameters: string[]];
  /** Beside `MODEL_FILE`, the path of the model. */
  readonly environment: (port: number, model: ComparedModel) => Readonly<Record<string, string>>;
  readonly path: (model: ComparedModel) => string;
  /** Whether it speaks the Open Inference Protocol; else it is given and gives rows by the names of the tensors. */
  readonly isOpenInference: boolean;
}

/** Most rows of a batch: all callers of the bench. */
const BATCH_ROWS = 32;
/** Longest wait for a full batch, in seconds: the best of 1, 5 and 10 ms for MLServer and LitServe. */
const BATCH_WAIT = 0.005;

export const recipes: readonly Recipe[] = [
  {
    name: 'MLServer',
    folder: 'mlserver',
    command: () => ['mlserver', 'start', '.'],
    environment: (port, model) => ({
      MLSERVER_HTTP_PORT: String(port),
      MLSERVER_GRPC_PORT: String(port + 1),
      MLSERVER_METRICS_PORT: String(port + 2),
      // Rows that take the same time each gain nothing from waiting for others.
      ...(model !== 'heavy' && {
        MLSERVER_MODEL_MAX_BATCH_SIZE: String(BATCH_ROWS),
        MLSERVER_MODEL_MAX_BATCH_TIME: String(BATCH_WAIT),
      }),
    }),
    path: () => '/v2/models/model/infer',
    isOpenInference: true,
  },
  {
    name: 'BentoML',
    folder: 'bentoml',
    command: (port) => ['bentoml', 'serve', 'service:OnnxModel', '--host', '127.0.0.1', '--port', String(port)],
    environment: () => ({ BENTOML_DO_NOT_TRACK: 'True' }),
    path: (model) => `/${model}`,
    isOpenInference: false,
  },
  {
    name: 'LitServe',
    folder: 'litserve',
    command: () => ['python', 'serve.py'],
    environment: (port, model) => ({
      PORT: String(port),
      MAX_BATCH_SIZE: model === 'mlp' ? String(BATCH_ROWS) : '1',
      BATCH_TIMEOUT: model === 'mlp' ? String(BATCH_WAIT) : '0',
    }),
    path: () => '/predict',
    isOpenInference: false,
  },
  {
    name: 'KServe',
    folder: 'kserve',
    command: (port) => [
      'python',
      'serve.py',
      '--http_port',
      String(port),
      '--enable_grpc',
      'false',
      '--enable_latency_logging',
      'false',
      '--log_config_file',
      'logging.json',
    ],
    environment: () => ({}),
    path: () => '/v2/models/model/infer',
    isOpenInference: true,
  },
];
