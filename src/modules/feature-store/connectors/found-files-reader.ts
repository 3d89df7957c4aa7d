import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import type { Workbench } from '../engine/data-engines.js';
import { quoted } from '../engine/sql-text.js';
import type { DataColumn } from '../sources/data-source.js';
import type { BatchRequest } from './connector.js';
import { type FileFormat, FileReader } from './file-reader.js';
import type { FoundFiles } from './found-file.js';
import { fileCursorOf, looksRead, type ReadFile, readFilesOf } from './read-files.rules.js';
import { ROW, STAGED, type StagedBatch, type StagedRows } from './staged-batch.js';

/** Rows of the files before the one that is just read. */
const GATHERED = 'gathered';

/** A file that is to be read now. */
interface NewFile {
  readonly name: string;
  readonly path: string;
}

/** What of a place is new. */
interface Findings {
  readonly files: readonly NewFile[];
  /** All that will have been read, with these. */
  readonly read: ReadonlyMap<string, ReadFile>;
}

/** Reads those files of a place that are new or changed, each once. What is read is a copy that nobody else can change. */
@Injectable()
export class FoundFilesReader {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly files: FileReader,
  ) {}

  /** @throws {CodedError} INVALID_FILE, SOURCE_FAILED, QUERY_LIMIT_EXCEEDED, CANCELLED. */
  async stage(
    { engine, folder: workFolder }: Workbench,
    found: FoundFiles,
    format: FileFormat,
    { source, cursor }: BatchRequest,
    control: StatementControl,
  ): Promise<StagedBatch> {
    const before = new Map([...readFilesOf(cursor)].filter(([name]) => found.names.includes(name)));
    const { files, read } = await this.newFiles(found, before, workFolder, control);
    const batches: StagedRows[] = [];
    for (const file of files) {
      batches.push(await this.add(engine, file, format, source.schema.columns, control));
    }
    if (files.length > 0) await engine.run(`ALTER TABLE ${GATHERED} RENAME TO ${STAGED}`, [], control);
    return { ...together(batches), cursor: fileCursorOf(read), isWhole: false };
  }

  /** Copies what is to be read into the folder of the work, as much as a batch may have. */
  private async newFiles(
    found: FoundFiles,
    before: ReadonlyMap<string, ReadFile>,
    workFolder: string,
    { signal }: StatementControl,
  ): Promise<Findings> {
    const read = new Map(before);
    const files: NewFile[] = [];
    const latest = Date.now() - this.settings.NESTOR_DATA_FOLDER_SETTLE_MS;
    let room = this.settings.NESTOR_DATA_TEMPORARY_MAX_BYTES;
    for (const name of found.names) {
      const file = await found.open(name);
      if (file === undefined) continue;
      try {
        const { mark } = file;
        // Who still writes will have written by the next collection.
        if (looksRead(before.get(name), mark) || mark.modifiedMs > latest) continue;
        room -= mark.sizeBytes;
        if (room < 0 && files.length > 0) break;
        if (room < 0) throw tooLarge(name);
        const path = join(workFolder, `input-${files.length}`);
        const digest = await file.copyTo(path, signal);
        if (digest === undefined) continue;
        if (digest !== before.get(name)?.digest) files.push({ name, path });
        read.set(name, { ...mark, digest });
      } finally {
        await file.close();
      }
    }
    return { files, read };
  }

  /** Adds the rows of a file to those that were gathered. */
  private async add(
    engine: DataEngine,
    { name, path }: NewFile,
    format: FileFormat,
    columns: readonly DataColumn[],
    control: StatementControl,
  ): Promise<StagedRows> {
    try {
      const rows = await this.files.stage(engine, path, format, columns, control);
      await rm(path);
      const texts = columns.map((column) => quoted(column.name)).join(', ');
      await engine.run(`CREATE TABLE IF NOT EXISTS ${GATHERED} AS FROM ${STAGED} LIMIT 0`, [], control);
      await engine.run(
        `INSERT INTO ${GATHERED} SELECT ${quoted(ROW)} + (SELECT count(*) FROM ${GATHERED}), ${texts}
         FROM ${STAGED} ORDER BY ${quoted(ROW)}`,
        [],
        control,
      );
      await engine.run(`DROP TABLE ${STAGED}`, [], control);
      return rows;
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'INVALID_FILE') throw error;
      throw new CodedError('INVALID_FILE', `${name}: ${error.message}`, { cause: error });
    }
  }
}

/** A column is missing where no file has it, and there besides where one has it. */
function together(batches: readonly StagedRows[]): StagedRows {
  const [first, ...others] = batches;
  return {
    rows: batches.reduce((sum, { rows }) => sum + rows, 0),
    missingColumns: (first?.missingColumns ?? []).filter((name) =>
      others.every(({ missingColumns }) => missingColumns.includes(name)),
    ),
    extraColumns: [...new Set(batches.flatMap(({ extraColumns }) => extraColumns))],
  };
}

const tooLarge = (name: string): CodedError =>
  new CodedError('SOURCE_FAILED', `${name} is larger than NESTOR_DATA_TEMPORARY_MAX_BYTES allows.`);
