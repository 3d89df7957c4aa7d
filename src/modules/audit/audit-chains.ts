import { AuditChain } from './audit-chain.js';

/**
 * The chains of one process. A chain takes one append at a time, from its insert to the end of the commit; with one
 * chain per process commits would queue up behind each other's disk flush. So a transaction takes an idle chain, or
 * begins a new one: there are never more than transactions that commit at once, which the connection pool bounds.
 */
export class AuditChains {
  /** Last in, first out: a quiet process keeps to one chain. */
  private readonly idle: AuditChain[] = [];

  constructor(private readonly processName: string) {}

  take(): AuditChain {
    return this.idle.pop() ?? new AuditChain(this.processName);
  }

  /** Only a chain whose head is known to be the database's; others are left as they are for ever. */
  giveBack(chain: AuditChain): void {
    this.idle.push(chain);
  }
}
