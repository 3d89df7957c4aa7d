/** What finds issues: measured quality, and comparison of what is served with what is kept. */
export const dataIssueKinds = ['QUALITY', 'PARITY'] as const;

export type DataIssueKind = (typeof dataIssueKinds)[number];

/** What an issue is about. */
export const dataIssueSubjects = ['data-source', 'feature-view'] as const;

export type DataIssueSubjectType = (typeof dataIssueSubjects)[number];

/** What was looked at: all issues of this kind about this subject are told together. */
export interface DataIssueScope {
  readonly workspaceId: string;
  readonly kind: DataIssueKind;
  readonly subjectType: DataIssueSubjectType;
  /** UUID of the subject. */
  readonly subjectId: string;
  readonly subjectName: string;
}

type Fact = string | number | boolean | null;

/** Numbers and samples that show that something is wrong; nothing of sensitive columns. */
export type DataIssueEvidence = Readonly<
  Record<string, Fact | readonly Fact[] | readonly Readonly<Record<string, Fact>>[]>
>;

/** Something that is wrong with a subject. */
export interface DataIssueFinding {
  /** What is wrong with it, unique in its scope and the same each time, such as `completeness of age`. */
  readonly aspect: string;
  /** For people: what was expected, and what is. */
  readonly message: string;
  readonly evidence: DataIssueEvidence;
}

/** Where an issue stands: who acknowledges it knows of it, and it is resolved once it is no longer found. */
export const dataIssueStatuses = ['OPEN', 'ACKNOWLEDGED', 'RESOLVED'] as const;

export type DataIssueStatus = (typeof dataIssueStatuses)[number];
