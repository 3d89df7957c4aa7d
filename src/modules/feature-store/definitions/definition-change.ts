/** What becomes of a definition. `UPDATE` is for what has no versions, `NEW_VERSION` for what has. */
export const definitionChanges = ['CREATE', 'UPDATE', 'NEW_VERSION', 'UNCHANGED', 'DELETE'] as const;

export type DefinitionChange = (typeof definitionChanges)[number];

/** A definition as it is now, and what became of it. */
export interface Applied<Definition> {
  readonly change: DefinitionChange;
  /** What differs from before, where there was something before. */
  readonly fields: readonly string[];
  readonly definition: Definition;
}
