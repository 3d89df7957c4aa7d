import { z } from 'zod';
import { jsonPathText } from '../../../common/json/json-path.js';
import { MAX_STEPS } from './fields.js';
import { invalidTransformation } from './transformation.js';
import { type TransformationStep, transformationStep } from './transformation-kinds.js';

/** Most problems that one error tells of. */
const MAX_PROBLEMS = 5;

/** Transformations as data: steps that each add columns, from the columns of the rows and of the steps before. */
export interface TransformationDeclaration {
  /** Of this form. What a version means never changes. */
  readonly version: 1;
  readonly steps: readonly TransformationStep[];
}

const declaration = z.strictObject({ version: z.literal(1), steps: z.array(transformationStep).max(MAX_STEPS) });

/**
 * Reads a declaration, with what it leaves out filled in, so that equal declarations have equal JSON.
 * @throws {CodedError} INVALID_TRANSFORMATION, naming what is wrong and where.
 */
export function transformationDeclaration(json: unknown): TransformationDeclaration {
  const { success, data, error } = declaration.safeParse(json);
  if (success) return data;
  const problems = error.issues.map(({ path, message }) => `${jsonPathText(path) || 'all of it'}: ${message}`);
  throw invalidTransformation('transformation', problems.slice(0, MAX_PROBLEMS).join('; '));
}

/** Whether an SQL expression is among the steps, which only the engine can read. */
export const hasExpressions = ({ steps }: TransformationDeclaration): boolean =>
  steps.some(({ kind }) => kind === 'SQL');
