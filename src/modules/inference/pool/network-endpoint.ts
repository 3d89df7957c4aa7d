import type { SharedKey } from '../../../common/tls/shared-key.js';

/** How executors are reached from other machines, instead of by Unix sockets. */
export interface NetworkEndpoint {
  /** Where each executor listens: `tls://host:first-last`, of which it takes the first free port. */
  readonly listen: string;
  /** Name or address of this machine by which clients reach it. */
  readonly advertise: string;
  /** What the clients of an executor must know; each executor is told only its own. */
  readonly keyOf: (executor: string) => SharedKey;
}

/** The address of an executor that listens on a port of this machine. */
export function advertisedAddress({ advertise }: NetworkEndpoint, port: number): string {
  return `tls://${advertise.includes(':') ? `[${advertise}]` : advertise}:${port}`;
}
