import type { DataSource } from 'typeorm';
import { nextWriter, readChain } from './chain-reader.js';
import { type ChainProblem, ChainVerifier } from './chain-verifier.rules.js';

export interface AuditVerification {
  readonly writers: number;
  readonly events: number;
  readonly problems: number;
}

/**
 * Holds every chain of the trail against its hashes, links and head. May run while Nestor works.
 * @param onProblem told of each problem as it is found, so that there may be any number.
 */
export async function verifyAuditTrail(
  dataSource: DataSource,
  onProblem: (problem: ChainProblem) => void,
): Promise<AuditVerification> {
  let writers = 0;
  let events = 0;
  let problems = 0;
  const report = (found: readonly ChainProblem[]) => {
    problems += found.length;
    found.forEach(onProblem);
  };
  for (
    let writer = await nextWriter(dataSource, null);
    writer !== null;
    writer = await nextWriter(dataSource, writer)
  ) {
    let verifier = new ChainVerifier(writer, null);
    await readChain(
      dataSource,
      writer,
      (head) => {
        verifier = new ChainVerifier(writer, head);
      },
      (event) => {
        events += 1;
        report(verifier.accept(event));
      },
    );
    report(verifier.finish());
    writers += 1;
  }
  return { writers, events, problems };
}
