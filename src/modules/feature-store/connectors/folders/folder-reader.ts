import { readdir, realpath, rm } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import type { DataEngine, StatementControl } from '../../engine/data-engine.js';
import type { Workbench } from '../../engine/data-engines.js';
import { quoted } from '../../engine/sql-text.js';
import type { FolderConnection } from '../../sources/connections/file-connection.js';
import type { DataColumn } from '../../sources/data-source.js';
import type { BatchRequest } from '../connector.js';
import { FileReader } from '../file-reader.js';
import { ROW, STAGED, type StagedBatch, type StagedRows } from '../staged-batch.js';
import { matchesPattern } from './file-pattern.rules.js';
import { folderCursorOf, looksRead, type ReadFile, readFilesOf } from './folder-cursor.rules.js';
import { FolderFile, isWithin } from './folder-file.js';

/** Most files of a folder that match: all of them are remembered, with some 120 bytes each. */
const MAX_FILES = 20_000;

/** Rows of the files before the one that is just read. */
const GATHERED = 'gathered';

/** A file that is to be read now. */
interface NewFile {
  readonly name: string;
  readonly path: string;
}

/** What was found in a folder. */
interface Findings {
  readonly files: readonly NewFile[];
  /** All that will have been read, with these. */
  readonly read: ReadonlyMap<string, ReadFile>;
}

/** Reads those files of a folder that are new or changed, each once. What is read is a copy that nobody else can change. */
@Injectable()
export class FolderReader {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly files: FileReader,
  ) {}

  /** @throws {CodedError} INVALID_FILE, SOURCE_FAILED, QUERY_LIMIT_EXCEEDED, CANCELLED. */
  async stage(
    { engine, folder: workFolder }: Workbench,
    connection: FolderConnection,
    { source, cursor }: BatchRequest,
    control: StatementControl,
  ): Promise<StagedBatch> {
    const folder = await this.allowedFolder(connection.folder);
    const names = await namesIn(folder, connection.pattern);
    const before = new Map([...readFilesOf(cursor)].filter(([name]) => names.includes(name)));
    const { files, read } = await this.newFiles(folder, names, before, workFolder, control);
    const batches: StagedRows[] = [];
    for (const file of files) {
      batches.push(await this.add(engine, file, connection, source.schema.columns, control));
    }
    if (files.length > 0) await engine.run(`ALTER TABLE ${GATHERED} RENAME TO ${STAGED}`, [], control);
    return { ...together(batches), cursor: folderCursorOf(read), isWhole: false };
  }

  /** The real path of a folder. @throws {CodedError} SOURCE_FAILED where it is not allowed, whether it is there or not. */
  private async allowedFolder(folder: string): Promise<string> {
    const allowed = this.settings.NESTOR_DATA_FOLDERS.map((each) => resolve(each));
    if (!isAbsolute(folder) || !isWithinAny(resolve(folder), allowed)) throw notAllowed(folder);
    const realAllowed = await Promise.all(allowed.map(async (each) => realpath(each).catch(() => each)));
    const real = await realpath(folder).catch(() => undefined);
    if (real === undefined) throw new CodedError('SOURCE_FAILED', `There is no folder ${folder}.`);
    if (!isWithinAny(real, realAllowed)) throw notAllowed(folder);
    return real;
  }

  /** Copies what is to be read into the folder of the work, as much as a batch may have. */
  private async newFiles(
    folder: string,
    names: readonly string[],
    before: ReadonlyMap<string, ReadFile>,
    workFolder: string,
    { signal }: StatementControl,
  ): Promise<Findings> {
    const read = new Map(before);
    const files: NewFile[] = [];
    const latest = Date.now() - this.settings.NESTOR_DATA_FOLDER_SETTLE_MS;
    let room = this.settings.NESTOR_DATA_TEMPORARY_MAX_BYTES;
    for (const name of names) {
      const file = await FolderFile.open(folder, name);
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
    connection: FolderConnection,
    columns: readonly DataColumn[],
    control: StatementControl,
  ): Promise<StagedRows> {
    try {
      const rows = await this.files.stage(engine, path, connection, columns, control);
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

/** By name, so that files are read in an order that can be told. */
async function namesIn(folder: string, pattern: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.') && matchesPattern(name, pattern)).sort();
  if (names.length <= MAX_FILES) return names;
  throw new CodedError(
    'SOURCE_FAILED',
    `The folder has ${names.length} files that match; at most ${MAX_FILES} can be told apart. Move those that were read elsewhere.`,
  );
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

const isWithinAny = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => isWithin(path, folder));

const notAllowed = (folder: string): CodedError =>
  new CodedError('SOURCE_FAILED', `The folder ${folder} is none that NESTOR_DATA_FOLDERS lists, nor within one.`);

const tooLarge = (name: string): CodedError =>
  new CodedError('SOURCE_FAILED', `${name} is larger than NESTOR_DATA_TEMPORARY_MAX_BYTES allows.`);
