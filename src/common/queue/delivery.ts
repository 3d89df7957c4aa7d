/** One turn of a row in a queue. A turn of an older generation changes nothing. */
export interface Delivery {
  readonly id: string;
  readonly generation: number;
}

/** A turn that is to be queued. */
export interface QueuedDelivery extends Delivery {
  readonly priority: number;
  /** Milliseconds from now. */
  readonly delayMs: number;
  /** The pack in which it travels; absent or null where it travels alone. */
  readonly pack?: string | null;
}
