import { isDeepStrictEqual } from 'node:util';
import { CodedError } from '../../../common/errors/coded-error.js';
import {
  type TransformationDeclaration,
  transformationDeclaration,
} from '../transformations/transformation-declaration.js';
import type { DeclaredFeatureView } from './declared-definitions.js';
import { definitionError } from './definition-error.js';
import {
  checkColumnNames,
  checkDescription,
  checkNameAndDescription,
  checkStorable,
} from './definition-names.rules.js';
import type { FeatureViewDefinition } from './feature-view.js';

/** Most features of one view, and of one service; and most fields of a request. */
export const MAX_FEATURES = 3_000;

/** Most entities of one view. */
const MAX_ENTITIES = 16;

/** Most other views that an on-demand view looks features up in. */
export const MAX_REFERENCES = 100;

/** Most seconds of a TTL: what GraphQL takes for a whole number, which is 68 years. */
export const MAX_TTL_SECONDS = 2 ** 31 - 1;

/** What can be told without knowing what the view stands on. @throws {CodedError} INVALID_INPUT */
export function checkFeatureView(view: DeclaredFeatureView): void {
  checkNameAndDescription(view);
  const { source, features, ttlSeconds } = view;
  if (ttlSeconds !== null && !(Number.isInteger(ttlSeconds) && ttlSeconds >= 0 && ttlSeconds <= MAX_TTL_SECONDS)) {
    throw definitionError(['ttlSeconds'], `it must be a whole number from 0 to ${MAX_TTL_SECONDS}`);
  }
  if (features.length === 0 || features.length > MAX_FEATURES) {
    throw definitionError(['features'], `there must be 1 to ${MAX_FEATURES}, not ${features.length}`);
  }
  checkColumnNames(
    features.map(({ name }) => name),
    (index) => ['features', index, 'name'],
  );
  for (const [index, { description }] of features.entries()) {
    checkDescription(description, ['features', index, 'description']);
  }
  if (source.kind === 'REQUEST') checkOnDemand(view, source);
  else checkEntities(view);
}

function checkEntities({ entities }: DeclaredFeatureView): void {
  if (entities.length === 0 || entities.length > MAX_ENTITIES) {
    throw definitionError(['entities'], `there must be 1 to ${MAX_ENTITIES}, not ${entities.length}`);
  }
  const twice = entities.findIndex((name, index) => entities.indexOf(name) !== index);
  if (twice !== -1) throw definitionError(['entities', twice], `${JSON.stringify(entities[twice])} is there twice`);
}

/** What comes with a request has neither keys nor times. */
function checkOnDemand(
  view: DeclaredFeatureView,
  { fields, features }: Extract<DeclaredFeatureView['source'], { kind: 'REQUEST' }>,
): void {
  const given: readonly (readonly [string, boolean])[] = [
    ['entities', view.entities.length > 0],
    ['eventTimeColumn', view.eventTimeColumn !== null],
    ['createdTimeColumn', view.createdTimeColumn !== null],
    ['ttlSeconds', view.ttlSeconds !== null],
    ['isOnline', view.isOnline === true],
  ];
  const odd = given.find(([, isGiven]) => isGiven);
  if (odd !== undefined) throw definitionError([odd[0]], 'an on-demand view has none: it is computed from requests');
  if (fields.length > MAX_FEATURES) throw definitionError(['source', 'fields'], `there may be at most ${MAX_FEATURES}`);
  if (features.length > MAX_REFERENCES) {
    throw definitionError(['source', 'features'], `there may be at most ${MAX_REFERENCES}`);
  }
  if (fields.length + features.length === 0) {
    throw definitionError(['source'], 'name fields of the request or features of other views');
  }
  checkColumnNames(
    fields.map(({ name }) => name),
    (index) => ['source', 'fields', index, 'name'],
  );
}

/** @returns null for no steps. @throws {CodedError} INVALID_TRANSFORMATION, INVALID_INPUT */
export function readTransformation(json: unknown): TransformationDeclaration | null {
  if (json === null || json === undefined) return null;
  const declaration = inTransformation(() => transformationDeclaration(json));
  checkStorable(declaration, ['transformation']);
  return declaration.steps.length === 0 ? null : declaration;
}

/** Tells errors of transformations where in the view they stand: their messages begin with the step. */
export function inTransformation<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw placedInTransformation(error);
  }
}

/** As `inTransformation`, for what was thrown elsewhere. */
export function placedInTransformation(error: unknown): unknown {
  if (!(error instanceof CodedError)) return error;
  const [, prefix, problem = error.message] =
    /^(?:transformation: )?(?:(steps[\w.[\]]*): )?([^]*)\.$/.exec(error.message) ?? [];
  const path = (prefix ?? '').split(/[.[\]]+/).filter((part) => part !== '');
  return definitionError(
    ['transformation', ...path.map((part) => (/^\d+$/.test(part) ? Number(part) : part))],
    problem,
    error.code,
  );
}

/** As it comes back from the database. */
export const storedForm = (definition: FeatureViewDefinition): FeatureViewDefinition =>
  JSON.parse(JSON.stringify(definition)) as FeatureViewDefinition;

/** What a definition is made of, and what users call it. */
const parts: Readonly<Record<keyof FeatureViewDefinition, string>> = {
  description: 'description',
  source: 'source',
  entities: 'entities',
  keys: 'entities',
  columns: 'columns',
  eventTime: 'eventTimeColumn',
  createdTime: 'createdTimeColumn',
  ttlMs: 'ttlSeconds',
  features: 'features',
  transformation: 'transformation',
  isOnline: 'isOnline',
};

/** What differs between two definitions, as users call it; nothing where they say the same. */
export function changedParts(before: FeatureViewDefinition, after: FeatureViewDefinition): string[] {
  const names = Object.keys(parts) as (keyof FeatureViewDefinition)[];
  const changed = names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  return [...new Set(changed.map((name) => parts[name]))];
}
