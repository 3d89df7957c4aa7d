/** States of a collection. */
export const collectionStatuses = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'REJECTED', 'FAILED', 'CANCELLED'] as const;

export type CollectionStatus = (typeof collectionStatuses)[number];

/** What a running collection is at. */
export const collectionPhases = ['READING', 'VALIDATING', 'WRITING'] as const;

export type CollectionPhase = (typeof collectionPhases)[number];
