import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { CodedError } from '../../../common/errors/coded-error.js';
import { datatypeFromOrt, datatypeTable } from '../../../common/tensor/datatypes.js';
import { decodeStrings, elementArray, type Tensor } from '../../../common/tensor/tensor.js';
import type { TensorSignature } from '../protocol/control.js';
import type { RunOutput } from './batching.rules.js';
import { isInputProblem, ortReason } from './ort-reason.rules.js';

/** How models are opened in this process. */
export interface SessionOptions {
  /** The device that is really used: `cpu` or `cuda:N`. */
  readonly device: string;
  /** Threads of one run (intra-op). */
  readonly threads: number;
  /** A folder that holds nothing: the only place where a model may look for external data. */
  readonly emptyFolder: string;
}

export interface RunResult {
  readonly outputs: readonly RunOutput[];
  /** When ONNX Runtime began, by `performance.now()`. */
  readonly startedAt: number;
  /** How long it ran, in milliseconds. */
  readonly ms: number;
}

/** One model in ONNX Runtime. Opening and running block the thread for as long as they take. */
export class ModelSession {
  private constructor(private readonly session: InferenceSession) {}

  /**
   * Opens a model from the bytes of its file.
   * @throws {CodedError} MODEL_LOAD_FAILED.
   */
  static async open(bytes: Uint8Array, options: SessionOptions): Promise<ModelSession> {
    try {
      return new ModelSession(await InferenceSession.create(bytes, ortOptions(options)));
    } catch (error) {
      throw new CodedError('MODEL_LOAD_FAILED', `ONNX Runtime cannot load the model: ${ortReason(error)}.`, {
        cause: error,
      });
    }
  }

  get inputNames(): readonly string[] {
    return this.session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.session.outputNames;
  }

  /**
   * The signature of the inputs.
   * @throws {CodedError} MODEL_UNSUPPORTED where one is no tensor of a known datatype.
   */
  inputs(): TensorSignature[] {
    return this.session.inputMetadata.map((metadata) => signatureOf('Input', metadata));
  }

  /**
   * The signature of the outputs.
   * @throws {CodedError} MODEL_UNSUPPORTED where one is no tensor of a known datatype.
   */
  outputs(): TensorSignature[] {
    return this.session.outputMetadata.map((metadata) => signatureOf('Output', metadata));
  }

  /**
   * Runs the model on inputs that were checked by `assertTensor`.
   * @param wanted names of the outputs to compute; all when undefined
   * @throws {CodedError} INVALID_TENSOR where an input does not fit, else MODEL_RUN_FAILED.
   */
  async run(inputs: readonly Tensor[], wanted?: readonly string[]): Promise<RunResult> {
    const feeds = Object.fromEntries(inputs.map((input) => [input.name, toOrt(input)]));
    let startedAt = 0;
    // ONNX Runtime runs in a setImmediate of its own. Ours comes right before it, so that what the event loop does in
    // between, such as reading requests, is not counted as inference.
    setImmediate(() => {
      startedAt = performance.now();
    });
    try {
      const names = wanted ?? this.session.outputNames;
      const results = await this.session.run(feeds, names);
      const ms = performance.now() - startedAt;
      return { outputs: names.map((name) => fromOrt(name, results[name])), startedAt, ms };
    } catch (error) {
      if (error instanceof CodedError) throw error;
      const code = isInputProblem(error) ? 'INVALID_TENSOR' : 'MODEL_RUN_FAILED';
      const what = code === 'INVALID_TENSOR' ? 'The model does not take this input' : 'The model failed while running';
      throw new CodedError(code, `${what}: ${ortReason(error)}.`, { cause: error });
    }
  }

  /** Gives the memory back. */
  async release(): Promise<void> {
    await this.session.release();
  }
}

function ortOptions({ device, threads, emptyFolder }: SessionOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [{ name: 'cuda', deviceId: Number(device.slice('cuda:'.length)) }],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Failures are thrown as well; what ONNX Runtime logs beside them would only repeat them for every bad request.
    logSeverityLevel: 4,
    extra: {
      session: {
        intra_op: { allow_spinning: '0' },
        // Models opened from memory may otherwise read any file below the working directory.
        model_external_initializers_file_folder_path: emptyFolder,
      },
    },
  };
}

function signatureOf(role: string, metadata: InferenceSession.ValueMetadata): TensorSignature {
  const { name } = metadata;
  if (!metadata.isTensor) {
    throw new CodedError(
      'MODEL_UNSUPPORTED',
      `${role} ${JSON.stringify(name)} is no tensor. Export the model with tensors only (scikit-learn: zipmap=False).`,
    );
  }
  const datatype = datatypeFromOrt(metadata.type);
  if (datatype === undefined) {
    throw new CodedError('MODEL_UNSUPPORTED', `${role} ${JSON.stringify(name)} has the type ${metadata.type}.`);
  }
  return { name, datatype, shape: metadata.shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1)) };
}

function toOrt(tensor: Tensor): OrtTensor {
  const { ort } = datatypeTable[tensor.datatype];
  if (ort === 'string') return new OrtTensor('string', decodeStrings(tensor), tensor.shape);
  return new OrtTensor(ort, elementArray(tensor), tensor.shape);
}

function fromOrt(name: string, result: OrtTensor | undefined): RunOutput {
  const datatype = result === undefined ? undefined : datatypeFromOrt(result.type);
  if (result === undefined || datatype === undefined) {
    throw new CodedError('MODEL_UNSUPPORTED', `Output ${JSON.stringify(name)} is no tensor of a known datatype.`);
  }
  const { data, dims: shape } = result;
  if (Array.isArray(data)) return { name, datatype, shape, data };
  return { name, datatype, shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}
