import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../common/database/data-source-options.js';
import { verifyAuditTrail } from './verify-audit-trail.js';

/** Exit statuses of `npm run audit:verify`. */
export const verificationStatus = { SOUND: 0, PROBLEMS: 1, COULD_NOT_RUN: 2 } as const;

export type VerificationStatus = (typeof verificationStatus)[keyof typeof verificationStatus];

/** Verifies the audit trail of a database and prints what it finds, one line for each problem, then a summary. */
export async function verifyCommand(databaseUrl: string, print: (line: string) => void): Promise<VerificationStatus> {
  const dataSource = new DataSource({ ...dataSourceOptions(databaseUrl, 2), entities: [] });
  try {
    const start = performance.now();
    await dataSource.initialize();
    const { writers, events, problems } = await verifyAuditTrail(dataSource, (problem) => {
      const row = problem.eventId === null ? '' : `, event ${problem.eventId}`;
      print(`${problem.fault}: writer ${problem.writerId}, number ${problem.sequence}${row}: ${problem.explanation}`);
    });
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    const verdict = problems === 0 ? 'The audit trail is sound' : `The audit trail is not sound, problems: ${problems}`;
    print(`${verdict}. Events: ${events}, writers: ${writers}, time: ${seconds} s.`);
    return problems === 0 ? verificationStatus.SOUND : verificationStatus.PROBLEMS;
  } catch (error) {
    print(`The audit trail could not be verified: ${error instanceof Error ? error.message : String(error)}`);
    return verificationStatus.COULD_NOT_RUN;
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}
