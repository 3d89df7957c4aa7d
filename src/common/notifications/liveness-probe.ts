/** How often a connection that only listens is asked whether it lives: a silent loss would go unnoticed for hours. */
export interface LivenessProbe {
  /** In milliseconds. */
  readonly intervalMs: number;
  /** How long the answer may take, in milliseconds. */
  readonly timeoutMs: number;
}

export const livenessProbe: LivenessProbe = { intervalMs: 15_000, timeoutMs: 5_000 };
