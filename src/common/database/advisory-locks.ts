/**
 * Keys of PostgreSQL's advisory locks, which all of a database share: whoever needs one takes a name here, so that no
 * two purposes get the same key. The numbers stay as they are, as processes of two releases may run side by side.
 */
export const advisoryLocks = {
  migration: 6_370_714,
  jobSweep: 6_370_716,
  batchSweep: 6_370_717,
  canaries: 6_370_718,
  autoscaling: 6_370_729,
  dataCollectionSweep: 6_370_730,
  dataCollectionSchedule: 6_370_731,
  /** With the workspace as a second key. */
  featureDefinitions: 6_370_740,
  materializationSweep: 6_370_750,
  pushedRows: 6_370_751,
  historicalFeaturesSweep: 6_370_760,
  dataSnapshotSweep: 6_370_770,
  artifactSweep: 6_370_771,
} as const;

export type AdvisoryLock = keyof typeof advisoryLocks;
