import { sha256 } from '../../../common/crypto/digest.js';
import type { DataEngine, StatementControl } from '../engine/data-engine.js';
import { quoted } from '../engine/sql-text.js';
import type { TypedColumn } from '../value-types.js';

/** The lower 64 bits of 128. */
const LOW_HALF = 2n ** 64n - 1n;

/**
 * A digest of what rows say: it is the same for the same rows in any order, whatever wrote the file and with whatever
 * release. Each row is digested by MD5 as a JSON list, and the halves of the digests are added up; 128 bits of sums are
 * enough against chance, and an owner of data has nothing to gain by making two tables look alike.
 * @param relation a table or query with these columns, as SQL.
 * @returns 64 hexadecimal digits.
 */
export async function contentDigest(
  engine: DataEngine,
  relation: string,
  columns: readonly TypedColumn[],
  control: StatementControl,
): Promise<string> {
  const texts = columns.map(({ name }) => `CAST(${quoted(name)} AS VARCHAR)`);
  const [row = {}] = await engine.rows(
    `SELECT CAST(count(*) AS VARCHAR) AS rows,
       CAST(sum(CAST(md5 & CAST(${LOW_HALF} AS UHUGEINT) AS UBIGINT)) AS VARCHAR) AS low,
       CAST(sum(CAST(md5 >> 64 AS UBIGINT)) AS VARCHAR) AS high
     FROM (SELECT md5_number(CAST(to_json([${texts.join(', ')}]) AS VARCHAR)) AS md5 FROM ${relation})`,
    [],
    control,
  );
  const schema = columns.map(({ name, type }) => [name, type]);
  return sha256(JSON.stringify([schema, row['rows'], row['low'], row['high']]));
}
