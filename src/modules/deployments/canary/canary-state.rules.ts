export const canaryStatuses = ['RUNNING', 'SUCCEEDED', 'ROLLED_BACK', 'CANCELLED'] as const;

export type CanaryStatus = (typeof canaryStatuses)[number];

/** What can happen to a canary. */
export type CanaryEvent = 'ADVANCE' | 'COMPLETE' | 'ROLL_BACK' | 'CANCEL';

const transitions: Readonly<Record<CanaryStatus, Readonly<Partial<Record<CanaryEvent, CanaryStatus>>>>> = {
  RUNNING: { ADVANCE: 'RUNNING', COMPLETE: 'SUCCEEDED', ROLL_BACK: 'ROLLED_BACK', CANCEL: 'CANCELLED' },
  SUCCEEDED: {},
  ROLLED_BACK: {},
  CANCELLED: {},
};

/** The status after an event; undefined where the event cannot happen any more. */
export const statusAfter = (status: CanaryStatus, event: CanaryEvent): CanaryStatus | undefined =>
  transitions[status][event];
