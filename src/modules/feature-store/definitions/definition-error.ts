import { CodedError } from '../../../common/errors/coded-error.js';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import { type JsonPath, jsonPathText } from '../../../common/json/json-path.js';

/** What is wrong with a definition, and where: its details have the path, so that a file can be told a line of it. */
export const definitionError = (path: JsonPath, problem: string, code: ErrorCode = 'INVALID_INPUT'): CodedError =>
  new CodedError(code, `${jsonPathText(path)}: ${problem}.`, { details: { path } });

/** The path of an error that was made by `definitionError`; empty for others. */
export function pathOfError({ details }: CodedError): JsonPath {
  const path = details?.['path'];
  return Array.isArray(path) ? path.filter((part) => typeof part === 'string' || typeof part === 'number') : [];
}
