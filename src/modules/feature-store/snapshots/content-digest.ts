import { sha256 } from '../../../common/crypto/digest.js';
import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import { quoted } from '../engine/sql-text.js';
import type { TypedColumn } from '../value-types.js';

/**
 * A digest of what rows say: it is the same for the same rows in any order, whatever wrote the file. Each row has two
 * hashes of the engine's, which are added up; 128 bits of sums are enough against chance, and an owner of data has nothing
 * to gain by making two tables look alike. MD5 of the rows as text would take ten times as long, longer than reading them.
 * A release of the engine may hash otherwise, as a test would tell: the same rows then make one more snapshot.
 * @param relation a table or query with these columns, as SQL.
 * @returns 64 hexadecimal digits.
 */
export async function contentDigest(
  engine: DataEngine,
  relation: string,
  columns: readonly TypedColumn[],
  control: StatementControl,
): Promise<string> {
  const values = columns.map(({ name }) => quoted(name)).join(', ');
  const [row = {}] = await engine.rows(
    `SELECT CAST(count(*) AS VARCHAR) AS rows, CAST(sum(one) AS VARCHAR) AS one, CAST(sum(hash(one, two)) AS VARCHAR) AS two
     FROM (SELECT hash(${values}) AS one, hash(1, ${values}) AS two FROM ${relation})`,
    [],
    control,
  );
  const schema = columns.map(({ name, type }) => [name, type]);
  return sha256(JSON.stringify([schema, row['rows'], row['one'], row['two']]));
}
