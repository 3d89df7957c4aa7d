/** States of a materialization. */
export const materializationStatuses = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'] as const;

export type MaterializationStatus = (typeof materializationStatuses)[number];

/** `FULL` brings all rows of an interval; `INCREMENTAL` begins where the ones before it have come to. */
export const materializationKinds = ['FULL', 'INCREMENTAL'] as const;

export type MaterializationKind = (typeof materializationKinds)[number];
