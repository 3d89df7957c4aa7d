import type { CanaryStatus } from './canary-state.rules.js';

/** What a canary must keep to. */
export interface CanaryGates {
  /** Largest part of its predictions that may fail by the version's fault, from 0 to 1. */
  readonly maxErrorRate: number;
  /** Largest p99 latency, as a multiple of the champion's. */
  readonly maxP99RatioToChampion: number | null;
  /** Predictions of a step before anything is concluded from them. */
  readonly minRequests: number;
  /** Smallest mean reward. */
  readonly minReward: number | null;
}

export interface CanaryPlan {
  readonly model: string;
  readonly version: number;
  /** Percentages of the traffic, rising to 100. */
  readonly steps: readonly number[];
  /** Shortest time of each step. */
  readonly bakeSeconds: number;
  readonly gates: CanaryGates;
}

/** A model version that is brought into a deployment step by step. */
export interface Canary extends CanaryPlan {
  readonly id: string;
  readonly workspaceId: string;
  readonly deploymentId: string;
  /** Name of the deployment. */
  readonly deployment: string;
  readonly status: CanaryStatus;
  /** Index of the step that is under way, or was when it ended. */
  readonly step: number;
  /** Why it stands where it stands. */
  readonly reason: string;
  readonly startedBy: string;
  readonly startedAt: Date;
  readonly stepStartedAt: Date;
  readonly endedAt: Date | null;
}
