import { open } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import { literal, quoted } from '../engine/sql-text.js';
import type { DataFileFormat, FileConnection } from '../sources/connections/file-connection.js';
import type { DataColumn, DataSchema } from '../sources/data-source.js';
import { JUDGED } from '../validation/row-checks.rules.js';
import { judgeRows } from '../validation/row-judge.js';
import type { TypedColumn } from '../value-types.js';
import { checkCompression } from './compression-check.js';
import { fileFault, invalidFile } from './file-fault.js';
import { type Compression, compressionOf, delimiterOf, headerOf, isParquet, textFormatOf } from './file-head.rules.js';
import { jsonText, keysOf } from './json-rows.js';
import { ROW, STAGED, type StagedRows } from './staged-batch.js';

/** Bytes by which compression and Parquet are told. */
const MAGIC_BYTES = 4;

/** Most columns of a file. */
const MAX_FILE_COLUMNS = 4_096;

/** A character that no text file has, so that a line is one value. */
const NEVER = '\u0001';

/** How a file is to be read. */
export type FileFormat = Pick<FileConnection, 'format' | 'delimiter'>;

/** A file that lies where the engine reaches it. */
interface ReadableFile {
  readonly path: string;
  readonly compression: Compression;
}

/** What is read of a file: names as they stand in it, and a relation with one column for each, by position or name. */
export interface FileRows {
  readonly format: DataFileFormat;
  readonly names: readonly string[];
  readonly from: string;
  /** The text of a column, as SQL. */
  readonly textOf: (column: TypedColumn) => string;
}

/** Reads files: CSV, Parquet, NDJSON and JSON, plain or compressed with gzip or zstd. */
@Injectable()
export class FileReader {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /**
   * Puts the rows of a file into the table `staged`, as text.
   * @throws {CodedError} INVALID_FILE where the file itself is broken; QUERY_LIMIT_EXCEEDED, CANCELLED.
   */
  async stage(
    engine: DataEngine,
    path: string,
    connection: FileFormat,
    columns: readonly DataColumn[],
    control: StatementControl,
  ): Promise<StagedRows> {
    try {
      return await this.stageRows(engine, path, connection, columns, control);
    } catch (error) {
      throw fileFault(error);
    }
  }

  /**
   * Judges the rows of a file as they are read, so that they need not be kept as text: `staged` is a view of the file.
   * @param now what event times are compared with. @throws {CodedError} as `stage`.
   */
  async judge(
    engine: DataEngine,
    path: string,
    connection: FileFormat,
    schema: DataSchema,
    now: Date,
    control: StatementControl,
  ): Promise<StagedRows> {
    try {
      const rows = await this.open(engine, path, connection, control);
      const relation = `(${textsOf(rows, schema.columns)})`;
      const texts = schema.columns.map(({ name }) => quoted(name)).join(', ');
      const view = `SELECT row_number() OVER () AS ${quoted(ROW)}, ${texts} FROM ${relation}`;
      await engine.run(`CREATE VIEW ${STAGED} AS ${view}`, [], control);
      await judgeRows(engine, schema, { relation, isNumbered: false }, now, control);
      return { ...(await this.found(engine, JUDGED, rows, schema.columns, control)), isJudged: true };
    } catch (error) {
      throw fileFault(error);
    }
  }

  /**
   * The rows of a file, which are read when the relation is used.
   * @throws {CodedError} INVALID_FILE where the file itself is broken, so far as that shows at its beginning.
   */
  async open(engine: DataEngine, path: string, connection: FileFormat, control: StatementControl): Promise<FileRows> {
    const beginning = await beginningOf(path);
    if (beginning.length === 0) throw invalidFile('it is empty');
    const file = { path, compression: compressionOf(beginning) };
    await checkCompression(path, file.compression, this.settings.NESTOR_DATA_UNPACKED_MAX_BYTES, control.signal);
    const rows = await this.rowsOf(engine, file, beginning, connection, control);
    if (rows.names.length > MAX_FILE_COLUMNS) throw invalidFile(`it has more than ${MAX_FILE_COLUMNS} columns`);
    return rows;
  }

  private async stageRows(
    engine: DataEngine,
    path: string,
    connection: FileFormat,
    columns: readonly DataColumn[],
    control: StatementControl,
  ): Promise<StagedRows> {
    const rows = await this.open(engine, path, connection, control);
    await engine.run(
      `CREATE TABLE ${STAGED} AS SELECT row_number() OVER () AS ${quoted(ROW)}, * FROM (${textsOf(rows, columns)})`,
      [],
      control,
    );
    return this.found(engine, STAGED, rows, columns, control);
  }

  /** @throws {CodedError} INVALID_FILE where there are no rows, or too many. */
  private async found(
    engine: DataEngine,
    table: string,
    { names }: FileRows,
    columns: readonly DataColumn[],
    control: StatementControl,
  ): Promise<StagedRows> {
    const { NESTOR_DATA_MAX_ROWS: maxRows } = this.settings;
    const [counted] = await engine.rows(`SELECT count(*) AS rows FROM ${table}`, [], control);
    const rows = Number(counted?.['rows']);
    if (rows === 0) throw invalidFile('it has no rows');
    if (rows > maxRows) throw invalidFile(`it has more than the ${maxRows} rows that NESTOR_DATA_MAX_ROWS allows`);
    const wanted = columns.map(({ name }) => name);
    return {
      rows,
      missingColumns: wanted.filter((name) => !names.includes(name)),
      extraColumns: names.filter((name) => !wanted.includes(name)),
    };
  }

  private async rowsOf(
    engine: DataEngine,
    file: ReadableFile,
    beginning: Uint8Array,
    connection: FileFormat,
    control: StatementControl,
  ): Promise<FileRows> {
    const isParquetFile = isParquet(beginning);
    if (isParquetFile !== (connection.format === 'PARQUET') && connection.format !== null) {
      throw invalidFile(`it is ${isParquetFile ? '' : 'not '}Parquet, but the source reads ${connection.format}`);
    }
    if (isParquetFile) return parquetRows(engine, file, control);
    const line = await this.firstLine(engine, file, control);
    const format: DataFileFormat = connection.format ?? textFormatOf(line);
    return format === 'CSV'
      ? this.csvRows(file, line, connection.delimiter)
      : this.jsonRows(engine, file, format, control);
  }

  private async firstLine(engine: DataEngine, file: ReadableFile, control: StatementControl): Promise<string> {
    const options = `delim = ${literal(NEVER)}, quote = '', escape = '', header = false, columns = {'line': 'VARCHAR'}`;
    const [first] = await engine.rows(
      `SELECT line FROM read_csv(${this.source(file)}, ${options}, auto_detect = false, null_padding = true,
         max_line_size = ${this.settings.NESTOR_DATA_MAX_ROW_BYTES}) LIMIT 1`,
      [],
      control,
    );
    return String(first?.['line'] ?? '').replace(/^\uFEFF/, '');
  }

  private csvRows(file: ReadableFile, header: string, delimiter: string | null): FileRows {
    const separator = delimiter ?? delimiterOf(header);
    const names = headerOf(header, separator);
    const columns = names.map((_, at) => `'c${at}': 'VARCHAR'`);
    const from = `read_csv(${this.source(file)}, auto_detect = false, header = true, columns = {${columns.join(', ')}},
      delim = ${literal(separator)}, quote = '"', escape = '"', strict_mode = true, allow_quoted_nulls = false,
      max_line_size = ${this.settings.NESTOR_DATA_MAX_ROW_BYTES})`;
    return { format: 'CSV', names, from, textOf: ({ name }) => `c${names.indexOf(name)}` };
  }

  private async jsonRows(
    engine: DataEngine,
    file: ReadableFile,
    format: DataFileFormat,
    control: StatementControl,
  ): Promise<FileRows> {
    const from = `read_json_objects(${this.source(file)}, format = '${format === 'JSON' ? 'array' : 'newline_delimited'}',
      maximum_object_size = ${this.settings.NESTOR_DATA_MAX_ROW_BYTES})`;
    const [odd] = await engine.rows(
      `SELECT count(*) AS rows FROM ${from} WHERE json_type(json) <> 'OBJECT'`,
      [],
      control,
    );
    if (Number(odd?.['rows']) > 0) throw invalidFile(`${String(odd?.['rows'])} of its values are no JSON objects`);
    const names = await keysOf(engine, from, MAX_FILE_COLUMNS + 1, control);
    return { format, names, from, textOf: jsonText };
  }

  /** The file and its compression, as the first arguments of a table function. */
  private source({ path, compression }: ReadableFile): string {
    return `${literal(path)}, compression = '${compression}'`;
  }
}

/** The query of a file's rows, with a text for each column. */
function textsOf({ names, from, textOf }: FileRows, columns: readonly DataColumn[]): string {
  const texts = columns.map((column) => {
    const text = names.includes(column.name) ? textOf(column) : 'NULL';
    return `CAST(${text} AS VARCHAR) AS ${quoted(column.name)}`;
  });
  return `SELECT ${texts.join(', ')} FROM ${from}`;
}

/** Nested values become JSON. */
async function parquetRows(engine: DataEngine, { path }: ReadableFile, control: StatementControl): Promise<FileRows> {
  const from = `read_parquet(${literal(path)})`;
  const described = await engine.rows(`DESCRIBE SELECT * FROM ${from}`, [], control);
  const types = new Map(described.map((row) => [String(row['column_name']), String(row['column_type'])]));
  return {
    format: 'PARQUET',
    names: [...types.keys()],
    from,
    textOf: ({ name }) =>
      /^(STRUCT|MAP)|\[\d*\]$/.test(types.get(name) ?? '') ? `to_json(${quoted(name)})` : quoted(name),
  };
}

async function beginningOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
