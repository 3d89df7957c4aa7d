import {
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  StatementType,
} from '@duckdb/node-api';
import { onAbort } from '../../../common/concurrency/on-abort.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';
import { DataEngineError, engineError, isStatementFault } from './data-engine-error.js';
import { engineTypes, fromEngine, toEngine, toParameter } from './engine-values.js';
import { isScalar, type SyntaxNode, unsafePart } from './query-safety.rules.js';
import { literal } from './sql-text.js';

/** Rows of one chunk, the unit in which the engine works. */
const CHUNK_ROWS = 2_048;

/** How often a statement is told again to stop: the first time may come before it has started. */
const INTERRUPT_EVERY_MS = 20;

export interface DataEngineOptions {
  readonly memoryBytes: number;
  readonly threads: number;
  readonly temporaryFolder: string;
  readonly maxTemporaryBytes: number;
  /** What may be read and written; nothing else can be reached. */
  readonly folders: readonly string[];
}

/** What ends a statement before it is done. */
export interface StatementControl {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export type EngineRow = Record<string, FeatureValue>;

/**
 * One private in-memory DuckDB for one piece of work. It reaches the given folders and nothing else, keeps to its memory,
 * and runs one statement per call, each on a connection of its own: calls may overlap, and temporary tables and
 * transactions do not outlive a call.
 */
export class DataEngine {
  private constructor(private readonly instance: DuckDBInstance) {}

  static async open(options: DataEngineOptions): Promise<DataEngine> {
    const instance = await DuckDBInstance.create(':memory:', { threads: String(options.threads) });
    const connection = await instance.connect();
    try {
      // In this order: each takes a right away that the ones before it need.
      for (const setting of [
        "TimeZone = 'UTC'",
        'autoinstall_known_extensions = false',
        'autoload_known_extensions = false',
        `memory_limit = '${options.memoryBytes}B'`,
        `max_temp_directory_size = '${options.maxTemporaryBytes}B'`,
        `temp_directory = ${literal(options.temporaryFolder)}`,
        `allowed_directories = [${options.folders.map((folder) => literal(`${folder}/`)).join(', ')}]`,
        'enable_external_access = false',
        'lock_configuration = true',
      ]) {
        await connection.run(`SET GLOBAL ${setting}`);
      }
    } catch (error) {
      instance.closeSync();
      throw error;
    } finally {
      connection.closeSync();
    }
    return new DataEngine(instance);
  }

  /** Runs one statement of ours: its text is trusted, values come as parameters. */
  async run(sql: string, parameters: readonly FeatureValue[] = [], control: StatementControl = {}): Promise<void> {
    await this.execute(sql, parameters, control, async (statement) => void (await statement.run()));
  }

  /** All rows of one statement of ours. For results that are known to be small. */
  async rows(
    sql: string,
    parameters: readonly FeatureValue[] = [],
    control: StatementControl = {},
  ): Promise<EngineRow[]> {
    return this.execute(sql, parameters, control, async (statement) => {
      const result = await statement.run();
      const names = result.deduplicatedColumnNames();
      return (await result.fetchAllChunks()).flatMap((chunk) => rowsOf(chunk, names));
    });
  }

  /** The rows of one statement of ours, a few thousand at a time, as they come about. */
  async *batches(
    sql: string,
    parameters: readonly FeatureValue[] = [],
    control: StatementControl = {},
  ): AsyncGenerator<EngineRow[]> {
    const connection = await this.instance.connect();
    const watch = new Watch(connection, control);
    let statement: DuckDBPreparedStatement | undefined;
    try {
      watch.check();
      statement = await prepared(connection, sql, parameters);
      const result = await statement.stream();
      const names = result.deduplicatedColumnNames();
      for (
        let chunk = await result.fetchChunk();
        chunk !== null && chunk.rowCount > 0;
        chunk = await result.fetchChunk()
      ) {
        yield rowsOf(chunk, names);
        watch.check();
      }
    } catch (error) {
      throw watch.reason() ?? engineError(error);
    } finally {
      watch.end();
      statement?.destroySync();
      connection.closeSync();
    }
  }

  /**
   * Adds rows to a table that has exactly these columns, in this order.
   * @returns how many. @throws {CodedError} INVALID_INPUT where a value is not of its column's type.
   */
  async append(
    table: string,
    columns: readonly TypedColumn[],
    batches: AsyncIterable<readonly (readonly FeatureValue[])[]>,
  ): Promise<number> {
    const connection = await this.instance.connect();
    try {
      const appender = await connection.createAppender(table);
      const types = columns.map(({ type }) => engineTypes[type]);
      let count = 0;
      for await (const rows of batches) {
        for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
          const part = rows.slice(start, start + CHUNK_ROWS);
          const chunk = DuckDBDataChunk.create(types, part.length);
          chunk.setColumns(columns.map((column, at) => part.map((row) => toEngine(row[at] ?? null, column))));
          appender.appendDataChunk(chunk);
        }
        count += rows.length;
      }
      appender.closeSync();
      return count;
    } catch (error) {
      throw engineError(error);
    } finally {
      connection.closeSync();
    }
  }

  /**
   * Checks a user's query: exactly one `SELECT` that reads tables and views of this engine and nothing else, and whose
   * columns exist. @throws {CodedError} INVALID_EXPRESSION
   */
  async checkQuery(sql: string, control: StatementControl = {}): Promise<void> {
    await this.safeTreeOf(sql, control);
    try {
      await this.execute(sql, [], control, (statement) => {
        if (statement.statementType !== StatementType.SELECT) throw new DataEngineError('Parser', 'it is no SELECT');
        return Promise.resolve();
      });
    } catch (error) {
      if (error instanceof DataEngineError && isStatementFault(error)) throw invalid(error.message, error);
      throw error;
    }
  }

  /**
   * Checks a user's expression over the columns of a row; whether the columns exist shows when it is used.
   * @returns it in the engine's own words, safe to be put in parentheses into a statement of ours.
   * @throws {CodedError} INVALID_EXPRESSION
   */
  async checkExpression(expression: string, control: StatementControl = {}): Promise<string> {
    const serialized = await this.safeTreeOf(`SELECT (${expression}\n)`, control);
    if (!isScalar(parsed(serialized))) throw invalid('it must be one expression over the columns of a row');
    const [row] = await this.rows('SELECT json_deserialize_sql(?::JSON) AS text', [serialized], control);
    return String(row?.['text']).replace(/^SELECT\s+/i, '');
  }

  /** Ends the engine, and with it all its tables. To be called when nothing runs any more. */
  close(): Promise<void> {
    this.instance.closeSync();
    return Promise.resolve();
  }

  /** The syntax tree of one safe statement, as the engine serializes it. */
  private async safeTreeOf(sql: string, control: StatementControl): Promise<string> {
    const [row] = await this.rows('SELECT json_serialize_sql(?::VARCHAR) AS tree', [sql], control);
    const serialized = String(row?.['tree']);
    const tree = parsed(serialized);
    const { error, error_message: message } = tree;
    if (error !== false) throw invalid(typeof message === 'string' ? message : 'it cannot be read');
    if (!Array.isArray(tree['statements']) || tree['statements'].length !== 1) {
      throw invalid('it must be exactly one statement');
    }
    const relations = await this.rows(
      'SELECT table_name AS name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal',
      [],
      control,
    );
    const wrong = unsafePart(tree, new Set(relations.map(({ name }) => String(name).toLowerCase())));
    if (wrong !== null) throw invalid(wrong);
    return serialized;
  }

  private async execute<Result>(
    sql: string,
    parameters: readonly FeatureValue[],
    control: StatementControl,
    use: (statement: DuckDBPreparedStatement) => Promise<Result>,
  ): Promise<Result> {
    const connection = await this.instance.connect();
    const watch = new Watch(connection, control);
    let statement: DuckDBPreparedStatement | undefined;
    try {
      watch.check();
      statement = await prepared(connection, sql, parameters);
      const result = await use(statement);
      watch.check();
      return result;
    } catch (error) {
      throw watch.reason() ?? engineError(error);
    } finally {
      watch.end();
      statement?.destroySync();
      connection.closeSync();
    }
  }
}

const invalid = (what: string, cause?: unknown): CodedError =>
  new CodedError('INVALID_EXPRESSION', `The SQL is refused: ${what.replace(/\.$/, '')}.`, { cause });

const parsed = (serialized: string): SyntaxNode => JSON.parse(serialized) as SyntaxNode;

async function prepared(
  connection: DuckDBConnection,
  sql: string,
  parameters: readonly FeatureValue[],
): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) {
    throw new DataEngineError('Parser', `there must be exactly one statement, not ${statements.count}`);
  }
  const statement = await statements.prepare(0);
  for (const [index, value] of parameters.entries()) statement.bindValue(index + 1, ...toParameter(value));
  return statement;
}

function rowsOf(chunk: DuckDBDataChunk, names: readonly string[]): EngineRow[] {
  const rows: EngineRow[] = Array.from({ length: chunk.rowCount }, () => ({}));
  for (const [at, name] of names.entries()) {
    for (const [index, value] of chunk.getColumnValues(at).entries()) {
      const row = rows[index];
      if (row !== undefined) row[name] = fromEngine(value);
    }
  }
  return rows;
}

/** Ends the statements of a connection when their time is over or nobody wants them any more. */
class Watch {
  private timer: NodeJS.Timeout | undefined;
  private interrupts: NodeJS.Timeout | undefined;
  private readonly forget: (() => void) | undefined;
  private late = false;

  constructor(
    private readonly connection: DuckDBConnection,
    private readonly control: StatementControl,
  ) {
    const { signal, timeoutMs } = control;
    this.forget = signal === undefined ? undefined : onAbort(signal, () => this.interrupt());
    if (timeoutMs !== undefined) {
      this.timer = setTimeout(() => {
        this.late = true;
        this.interrupt();
      }, timeoutMs);
    }
  }

  /** Why the statement was ended, if it was. */
  reason(): CodedError | undefined {
    if (this.control.signal?.aborted === true) return new CodedError('CANCELLED', 'The work was cancelled.');
    if (!this.late) return undefined;
    return new CodedError('DEADLINE_EXCEEDED', `The statement took longer than ${this.control.timeoutMs} ms.`);
  }

  check(): void {
    const reason = this.reason();
    if (reason !== undefined) throw reason;
  }

  end(): void {
    clearTimeout(this.timer);
    clearInterval(this.interrupts);
    this.forget?.();
  }

  private interrupt(): void {
    this.connection.interrupt();
    this.interrupts ??= setInterval(() => this.connection.interrupt(), INTERRUPT_EVERY_MS);
  }
}
