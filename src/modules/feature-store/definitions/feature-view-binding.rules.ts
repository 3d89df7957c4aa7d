import type { TransformationDeclaration } from '../transformations/transformation-declaration.js';
import { TransformationPipeline } from '../transformations/transformation-pipeline.js';
import type { TypedColumn } from '../value-types.js';
import type { DeclaredFeatureView } from './declared-definitions.js';
import { definitionError } from './definition-error.js';
import { listOfColumns } from './definition-names.rules.js';
import type { FeatureEntity } from './feature-entity.js';
import type { Feature, FeatureViewDefinition, FeatureViewSource } from './feature-view.js';
import { inTransformation } from './feature-view.rules.js';

/** What a declared view stands on, once it is found. */
export interface ViewGround {
  readonly source: FeatureViewSource;
  /** Of the source, before any transformation. */
  readonly columns: readonly TypedColumn[];
  /** Of the source, where the view names no other. */
  readonly eventTime: string | null;
  readonly createdTime: string | null;
  readonly entities: readonly FeatureEntity[];
  readonly transformation: TransformationDeclaration | null;
}

/** A view that fits what it stands on. */
export interface BoundView {
  readonly definition: Omit<FeatureViewDefinition, 'columns'>;
  readonly pipeline: TransformationPipeline | null;
}

/** @throws {CodedError} INVALID_INPUT, INVALID_TRANSFORMATION with the first thing that does not fit. */
export function bindFeatureView(view: DeclaredFeatureView, ground: ViewGround): BoundView {
  const isOnDemand = ground.source.kind === 'REQUEST';
  const keys = keysOf(ground);
  const eventTime = isOnDemand ? null : eventTimeOf(view, ground);
  const createdTime = isOnDemand ? null : createdTimeOf(view, ground, eventTime);
  const { transformation, columns } = ground;
  const shape = { columns, entityKeys: keys.map(({ name }) => name), eventTime };
  const pipeline = transformation && inTransformation(() => TransformationPipeline.of(transformation, shape));
  if (isOnDemand && pipeline !== null) assertRowWise(pipeline);
  const taken = [...shape.entityKeys, eventTime, createdTime].filter((name) => name !== null);
  const definition = {
    description: view.description,
    source: ground.source,
    entities: view.entities,
    keys,
    eventTime,
    createdTime,
    ttlMs: view.ttlSeconds === null || view.ttlSeconds === 0 ? null : view.ttlSeconds * 1_000,
    features: featuresOf(view, [...columns, ...(pipeline?.outputs ?? [])], taken),
    transformation,
    isOnline: view.isOnline ?? !isOnDemand,
  };
  return { definition, pipeline };
}

/**
 * @param read the columns that the transformation reads
 * @returns the definition with the columns that it needs of its source, in their order there; an on-demand view's are all
 *   named by it.
 */
export function definitionOf(
  { definition }: BoundView,
  { columns }: ViewGround,
  read: ReadonlySet<string>,
): FeatureViewDefinition {
  const { source, keys, eventTime, createdTime, features } = definition;
  const needed = new Set<string | null>([...[...keys, ...features].map(({ name }) => name), eventTime, createdTime]);
  const isNeeded = ({ name }: TypedColumn) => source.kind === 'REQUEST' || needed.has(name) || read.has(name);
  return { ...definition, columns: columns.filter(isNeeded).map(({ name, type }) => ({ name, type })) };
}

function keysOf({ entities, columns }: ViewGround): TypedColumn[] {
  const keys: TypedColumn[] = [];
  for (const [index, entity] of entities.entries()) {
    for (const key of entity.joinKeys) {
      const path = ['entities', index];
      const of = `the join key ${JSON.stringify(key.name)} of ${entity.name}`;
      if (keys.some(({ name }) => name === key.name))
        throw definitionError(path, `${of} is one of another entity, too`);
      const column = columns.find(({ name }) => name === key.name);
      if (column === undefined) {
        throw definitionError(path, `${of} is no column of the source, which has ${listOfColumns(columns)}`);
      }
      if (column.type !== key.type) {
        throw definitionError(path, `${of} is ${key.type}, but the column of the source is ${column.type}`);
      }
      keys.push({ name: key.name, type: key.type });
    }
  }
  return keys;
}

function eventTimeOf({ eventTimeColumn }: DeclaredFeatureView, ground: ViewGround): string {
  const name = eventTimeColumn ?? ground.eventTime;
  if (name === null) throw definitionError(['eventTimeColumn'], 'the source has none, so the view must name one');
  assertTime(name, 'eventTimeColumn', ground);
  return name;
}

function createdTimeOf(
  { createdTimeColumn }: DeclaredFeatureView,
  ground: ViewGround,
  eventTime: string | null,
): string | null {
  const name = createdTimeColumn ?? ground.createdTime;
  if (name === null) return null;
  assertTime(name, 'createdTimeColumn', ground);
  if (name === eventTime) throw definitionError(['createdTimeColumn'], 'it is the event time; leave it out');
  return name;
}

function assertTime(name: string, field: string, { columns, entities }: ViewGround): void {
  const column = columns.find((each) => each.name === name);
  if (column === undefined) {
    const problem = `there is no column ${JSON.stringify(name)} in the source, which has ${listOfColumns(columns)}`;
    throw definitionError([field], problem);
  }
  if (column.type !== 'TIMESTAMP') {
    throw definitionError([field], `${JSON.stringify(name)} is ${column.type}, not TIMESTAMP`);
  }
  if (entities.some(({ joinKeys }) => joinKeys.some((key) => key.name === name))) {
    throw definitionError([field], `${JSON.stringify(name)} is a join key`);
  }
}

/** A request is one row: there is nothing to learn from, nothing to look back at, and no engine. */
function assertRowWise(pipeline: TransformationPipeline): void {
  const [step] = pipeline.notRowWise;
  if (step === undefined) return;
  const where = step.split(/[[\]]+/).filter((part) => part !== '');
  const problem =
    'an on-demand view has one row of a request, and this step learns from rows, looks back at rows, or needs the engine';
  throw definitionError(
    ['transformation', ...where.map((part) => (/^\d+$/.test(part) ? Number(part) : part))],
    problem,
    'INVALID_TRANSFORMATION',
  );
}

function featuresOf(view: DeclaredFeatureView, columns: readonly TypedColumn[], taken: readonly string[]): Feature[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const folded = new Set(taken.map((name) => name.toLowerCase()));
  return view.features.map(({ name, type, description }, index) => {
    const path = ['features', index];
    if (folded.has(name.toLowerCase())) {
      throw definitionError([...path, 'name'], `${JSON.stringify(name)} is a join key or a time of the view already`);
    }
    const column = byName.get(name);
    if (column === undefined) {
      const problem = `neither the source nor the transformation has a column ${JSON.stringify(name)}; there are ${listOfColumns(columns)}`;
      throw definitionError([...path, 'name'], problem);
    }
    if (type !== null && type !== column.type) {
      throw definitionError([...path, 'type'], `${JSON.stringify(name)} is ${column.type}, not ${type}`);
    }
    return { name, type: column.type, description };
  });
}
