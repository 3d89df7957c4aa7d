import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import type { ErrorCode } from '../../../../common/errors/error-table.js';
import { hexOfDigest } from '../../../../common/storage/digest.js';
import type { ServableVersion } from '../../../registry/snapshot/servable-version.js';
import { ExecutorClient, type InferenceResult } from '../../client/executor-client.js';
import { InferenceMetrics } from '../../metrics/inference-metrics.js';
import { recordAnswers } from '../../prediction/prediction.rules.js';
import { recordsToTensors } from '../../prediction/records.rules.js';
import { backgroundDescriptorOf, placementOf } from '../../prediction/serving.rules.js';
import { modelColumns, recordOf } from '../input/column-values.rules.js';
import type { InputRow } from '../input/input-file.js';
import { answeredRow, failedRow, type RowOutcome } from '../row-outcome.rules.js';
import { bisect } from './bisect.js';
import { RunLength } from './run-length.js';

type JsonRecord = Readonly<Record<string, unknown>>;

/** Failures that the rows of a run are to blame for; what passes by itself is another attempt of the whole chunk. */
const rowFaults: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'MODEL_RUN_FAILED',
  'INVALID_TENSOR',
  'INVALID_INPUT',
  'INVALID_RECORD',
]);

/** Runs of one chunk that are with the executors at a time: one that runs, and one that is there when it ends. */
const RUNS_AT_ONCE = 2;

/** The same, where each run is a single row. */
const ROWS_AT_ONCE = 8;

/**
 * Most elements that the outputs of one chunk may have: as JSON they take about 25 times as many bytes, and are held at
 * once.
 */
const MAX_ELEMENTS = 4_000_000;

/** Chunks are bounded by bytes already, in contrast to what a caller sends as JSON. */
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** Where the records of a row are named by the message of a check of records. */
const recordPlace = /^records\[\d+\]\.?(?:: )?/;

export interface ChunkInput {
  readonly version: ServableVersion;
  readonly rows: readonly InputRow[];
  /** Whether all values are texts, as in CSV. */
  readonly isText: boolean;
  readonly signal: AbortSignal;
}

/** Runs the rows of one chunk: each bad row fails alone. */
@Injectable()
export class ChunkInference {
  private readonly runLength: RunLength;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly executors: ExecutorClient,
    private readonly metrics: InferenceMetrics,
  ) {
    this.runLength = new RunLength(settings.NESTOR_EXECUTOR_BATCH_MS, settings.NESTOR_EXECUTOR_MAX_BATCH_ROWS);
  }

  /**
   * @returns one outcome for each row, in order.
   * @throws {CodedError} of the executors, where the rows are not to blame.
   */
  async run({ version, rows, isText, signal }: ChunkInput): Promise<RowOutcome[]> {
    const columns = modelColumns(version);
    const records = rows.map(({ fields }) => recordOf(columns, fields, isText));
    const outcomes = rows.map(({ problem }, index) => refusal(version, problem, records[index] ?? {}));
    const good = records.filter((_, index) => outcomes[index] === undefined);
    const answered = (await this.runAll(version, good, signal)).values();
    return outcomes.map((outcome) => outcome ?? answered.next().value ?? noAnswer());
  }

  private async runAll(
    version: ServableVersion,
    records: readonly JsonRecord[],
    signal: AbortSignal,
  ): Promise<RowOutcome[]> {
    const areJoined = canJoinRows(version);
    const outcomes: RowOutcome[] = [];
    let next = 0;
    let elements = 0;
    const run = async (part: readonly JsonRecord[]): Promise<RowOutcome[]> => {
      const { outputs } = await this.infer(version, part, signal);
      elements += outputs.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
      if (elements > MAX_ELEMENTS) throw tooManyElements();
      return recordAnswers(version, outputs, part.length, UNBOUNDED).map(answeredRow);
    };
    const takeRuns = async (): Promise<void> => {
      while (next < records.length) {
        const start = next;
        next += areJoined ? this.runLength.rowsFor(version.digest) : 1;
        const part = records.slice(start, next);
        const done = await bisect(part, run, isRowFault, failureOf);
        for (const [offset, outcome] of done.entries()) outcomes[start + offset] = outcome;
      }
    };
    try {
      await Promise.all(Array.from({ length: areJoined ? RUNS_AT_ONCE : ROWS_AT_ONCE }, takeRuns));
    } finally {
      // Where one failed for all, the others take no more.
      next = records.length;
    }
    return outcomes;
  }

  private async infer(
    version: ServableVersion,
    records: readonly JsonRecord[],
    signal: AbortSignal,
  ): Promise<InferenceResult> {
    const startedAt = performance.now();
    let answer: InferenceResult | null = null;
    let errorCode: ErrorCode | null = null;
    try {
      const tensors = recordsToTensors(version, records, UNBOUNDED);
      answer = await this.executors.infer({
        digest: hexOfDigest(version.digest),
        descriptor: backgroundDescriptorOf(version),
        placement: placementOf(version),
        tensors,
        deadlineMs: this.settings.NESTOR_PREDICT_MAX_TIMEOUT_MS,
        signal,
      });
      this.runLength.observe(version.digest, answer);
      return answer;
    } catch (error) {
      errorCode = error instanceof CodedError ? error.code : 'INTERNAL_SERVER_ERROR';
      throw error;
    } finally {
      const elapsedMs = performance.now() - startedAt;
      this.metrics.observe({ lane: 'batch', target: version, errorCode, elapsedMs, answer });
    }
  }
}

/** Rows that influence one another would make a row's answer depend on the cut of the file. */
function canJoinRows({ batchable, signature }: ServableVersion): boolean {
  return batchable && signature.inputs.every(({ shape }) => shape[0] !== 1);
}

/** Why a row is not run at all; undefined where it is. */
function refusal(version: ServableVersion, problem: string | null, record: JsonRecord): RowOutcome | undefined {
  if (problem !== null) return failedRow('INVALID_RECORD', problem);
  try {
    recordsToTensors(version, [record], UNBOUNDED);
    return undefined;
  } catch (error) {
    if (!isRowFault(error)) throw error;
    return failureOf(error);
  }
}

function isRowFault(error: unknown): boolean {
  return error instanceof CodedError && rowFaults.has(error.code);
}

function failureOf(error: unknown): RowOutcome {
  if (!(error instanceof CodedError)) throw error;
  return failedRow(error.code, error.message.replace(recordPlace, ''));
}

function tooManyElements(): CodedError {
  return new CodedError(
    'PAYLOAD_TOO_LARGE',
    `the outputs have more than ${MAX_ELEMENTS} elements, which is the most for one chunk. Ask for fewer chunkRows.`,
  );
}

function noAnswer(): never {
  throw new Error('A run answered fewer rows than it was given.');
}
