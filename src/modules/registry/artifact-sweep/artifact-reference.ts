/** A column that holds digests of artifacts of its row's workspace. */
export interface ArtifactReference {
  /** It has a column `workspace_id`. */
  readonly table: string;
  /** The digest, as SQL that begins with the column. */
  readonly digest: string;
  /** Rows that do not need it any more, as SQL about `own`; `$1` is the moment before which what nobody uses is deleted. */
  readonly unless?: string;
}

/** All that refers to artifacts. A class, as the composition root provides it. */
export class ArtifactReferences {
  /** What is referred to, as SQL that gives `workspace_id` and `digest`. */
  readonly sql: string;

  constructor(references: readonly ArtifactReference[]) {
    this.sql = references
      .map(({ table, digest, unless }) => {
        const where = unless === undefined ? '' : ` WHERE (${unless}) IS NOT TRUE`;
        return `SELECT own.workspace_id, ${digest} AS digest FROM ${table} AS own${where}`;
      })
      .join('\nUNION ALL\n');
  }
}
