/** States of a queued inference. `DEAD`: its attempts are used up; it can be looked at and retried. */
export const jobStatuses = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'DEAD'] as const;

export type JobStatus = (typeof jobStatuses)[number];

/**
 * Which state follows which. RUNNING → QUEUED is another attempt or a hand-back; the way from an ended state to QUEUED
 * is the retry that somebody asked for.
 */
const transitions: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  QUEUED: ['RUNNING', 'CANCELLED'],
  RUNNING: ['SUCCEEDED', 'FAILED', 'DEAD', 'QUEUED', 'CANCELLED'],
  SUCCEEDED: [],
  FAILED: ['QUEUED'],
  CANCELLED: ['QUEUED'],
  DEAD: ['QUEUED'],
};

export function canBecome(from: JobStatus, to: JobStatus): boolean {
  return transitions[from].includes(to);
}

/** Whether nothing more happens to the job unless somebody asks for it. */
export function isEnded(status: JobStatus): boolean {
  return status !== 'QUEUED' && status !== 'RUNNING';
}

/** The states of which `retryInferenceJob` makes QUEUED. */
export const retryableStatuses: readonly JobStatus[] = jobStatuses.filter(
  (status) => isEnded(status) && canBecome(status, 'QUEUED'),
);

/** The states of which `cancelInferenceJob` makes CANCELLED. */
export const cancellableStatuses: readonly JobStatus[] = jobStatuses.filter((status) => canBecome(status, 'CANCELLED'));
