import { CodedError } from '../../../common/errors/coded-error.js';

/**
 * What the engine said of a statement or of the data under it. Who ran the statement knows what it means to a client
 * and says so by a coded error; where nobody does, it is a fault of ours.
 */
export class DataEngineError extends Error {
  constructor(
    /** Such as `Binder`, `Conversion`, `Invalid Input` or `IO`. */
    readonly kind: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'DataEngineError';
  }
}

/** Kinds by which a statement itself is refused, before any data is seen. */
const statementKinds = new Set(['Parser', 'Binder', 'Catalog', 'Permission', 'Not implemented', 'Syntax']);

export const isStatementFault = (error: DataEngineError): boolean => statementKinds.has(error.kind);

/** Turns what the engine threw into an error of ours. */
export function engineError(thrown: unknown): Error {
  if (thrown instanceof CodedError || thrown instanceof DataEngineError || !(thrown instanceof Error)) {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
  const [, kind = '', text = thrown.message] =
    /^(?:Failed to extract statements: )?([A-Za-z ]+?) Error: (.*)$/s.exec(thrown.message) ?? [];
  if (kind === 'Out of Memory') {
    return new CodedError(
      'QUERY_LIMIT_EXCEEDED',
      'The work needs more memory or temporary disk space than it may have. Use less data at once, or raise NESTOR_DATA_MEMORY_BYTES or NESTOR_DATA_TEMPORARY_MAX_BYTES.',
      { cause: thrown },
    );
  }
  if (/No space left on device/.test(text)) {
    return new CodedError('STORAGE_FULL', 'The disk of the temporary folder has no room left.', { cause: thrown });
  }
  return new DataEngineError(kind, firstParagraph(text), { cause: thrown });
}

/** The message without the statement and the hints that follow it. */
const firstParagraph = (text: string): string => text.split(/\n\s*\n/, 1)[0]?.trim() ?? text;
