import { QueryFailedError } from 'typeorm';

/** SQLSTATE of what PostgreSQL reported, or undefined when the error is not PostgreSQL's. */
export function sqlStateOf(thrown: unknown): string | undefined {
  const error: unknown = thrown instanceof QueryFailedError ? thrown.driverError : thrown;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Whether a unique constraint (SQLSTATE 23505) was broken; with `constraint`, whether it was that one. */
export const isUniqueViolation = (thrown: unknown, constraint?: string): boolean => breaks(thrown, '23505', constraint);

/** Whether this foreign key (SQLSTATE 23503) was broken. */
export const isForeignKeyViolation = (thrown: unknown, constraint: string): boolean =>
  breaks(thrown, '23503', constraint);

function breaks(thrown: unknown, state: string, constraint: string | undefined): boolean {
  if (sqlStateOf(thrown) !== state) return false;
  if (constraint === undefined) return true;
  const error: unknown = thrown instanceof QueryFailedError ? thrown.driverError : thrown;
  return error instanceof Error && 'constraint' in error && error.constraint === constraint;
}

/** Serialization failures and deadlocks: the transaction did nothing and may be run again. */
export function isRetryable(thrown: unknown): boolean {
  const state = sqlStateOf(thrown);
  return state === '40001' || state === '40P01';
}
