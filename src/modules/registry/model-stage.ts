export const modelStages = ['NONE', 'STAGING', 'PRODUCTION', 'ARCHIVED'] as const;

/** Where a version stands in its life. */
export type ModelStage = (typeof modelStages)[number];
