import type { Headers } from '../../support/graphql.js';

/** A Nestor that serves the models `simple`, `floats` and `strings` beside the examples. */
export interface Target {
  readonly url: string;
  readonly grpcPort: number;
  readonly key: Headers;
  /** Of its settings: the largest bodies, in bytes. */
  readonly bodyMaxBytes: number;
  readonly binaryBodyMaxBytes: number;
}

/** How an attack ended. */
export interface Outcome {
  /** A code of the error table, or `OK`. */
  readonly code: string;
  /** All that the attacker was told. */
  readonly text: string;
}

/** Something hostile, and how it must end. */
export interface Attack {
  readonly what: string;
  /** The code it ends with. */
  readonly code: string;
  /** The code it ends with once others of its kind have come before. */
  readonly orElse?: string;
  send(target: Target): Promise<Outcome>;
}
