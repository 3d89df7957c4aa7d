import { z } from 'zod';
import { CodedError } from '../../../../common/errors/coded-error.js';
import type { JsonPath } from '../../../../common/json/json-path.js';
import { valueTypes } from '../../value-types.js';
import type { DeclaredFeatureEntity, DeclaredFeatureService, DeclaredFeatureView } from '../declared-definitions.js';
import { pathOfError } from '../definition-error.js';
import { declaredEntityOf } from '../dto/feature-entity.inputs.js';
import { declaredServiceOf } from '../dto/feature-service.inputs.js';
import { declaredViewOf } from '../dto/feature-view.inputs.js';
import { YamlDocument } from './yaml-document.js';

/** Most definitions of one kind in one file. */
const MAX_DEFINITIONS = 1_000;

const column = z.strictObject({ name: z.string(), type: z.enum(valueTypes) });
const version = z
  .int()
  .min(1)
  .max(2 ** 31 - 1)
  .nullish();
const text = z.string().nullish();

const entity = z.strictObject({ name: z.string(), description: text, joinKeys: z.array(column) });

const view = z.strictObject({
  name: z.string(),
  description: text,
  source: z.strictObject({
    dataSource: text,
    featureView: z.strictObject({ name: z.string(), version }).nullish(),
    request: z
      .strictObject({
        fields: z.array(column).nullish(),
        features: z.array(z.strictObject({ view: z.string(), version, features: z.array(z.string()) })).nullish(),
      })
      .nullish(),
  }),
  entities: z.array(z.string()).nullish(),
  eventTimeColumn: text,
  createdTimeColumn: text,
  ttlSeconds: z.number().nullish(),
  features: z.array(z.strictObject({ name: z.string(), type: z.enum(valueTypes).nullish(), description: text })),
  transformation: z.looseObject({}).nullish(),
  isOnline: z.boolean().nullish(),
});

const service = z.strictObject({
  name: z.string(),
  description: text,
  features: z.array(z.strictObject({ view: z.string(), version, feature: text, as: text })),
});

const repository = z.strictObject({
  entities: z.array(entity).max(MAX_DEFINITIONS).nullish(),
  featureViews: z.array(view).max(MAX_DEFINITIONS).nullish(),
  featureServices: z.array(service).max(MAX_DEFINITIONS).nullish(),
});

/** The lists of a file. */
export type RepositoryList = keyof z.output<typeof repository>;

/** Definitions as a file declares them. */
export class RepositoryFile {
  readonly entities: readonly DeclaredFeatureEntity[];
  readonly featureViews: readonly DeclaredFeatureView[];
  readonly featureServices: readonly DeclaredFeatureService[];

  private constructor(
    private readonly document: YamlDocument,
    { entities, featureViews, featureServices }: z.output<typeof repository>,
  ) {
    this.entities = this.each('entities', entities, declaredEntityOf);
    this.featureViews = this.each('featureViews', featureViews, declaredViewOf);
    this.featureServices = this.each('featureServices', featureServices, declaredServiceOf);
  }

  /** @throws {CodedError} INVALID_INPUT with line and column. */
  static of(yaml: string): RepositoryFile {
    const document = YamlDocument.of(yaml);
    const { success, data, error } = repository.safeParse(document.value);
    if (success) return new RepositoryFile(document, data);
    const [issue] = error.issues;
    const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    throw document.error(issue?.path ?? [], issue?.message ?? error.message, { key });
  }

  /** Does something about one definition, and tells what is wrong with it by line and column. */
  async placing<Result>(list: RepositoryList, index: number, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw this.placed([list, index], error);
    }
  }

  /** An error about a definition. */
  problem(list: RepositoryList, index: number, field: string, problem: string): CodedError {
    return this.document.error([list, index, field], problem);
  }

  private each<Given extends { readonly name: string }, Declared>(
    list: RepositoryList,
    given: readonly Given[] | null | undefined,
    declare: (each: Given) => Declared,
  ): Declared[] {
    const names = new Set<string>();
    return (given ?? []).map((each, index) => {
      if (names.has(each.name)) throw this.problem(list, index, 'name', `${JSON.stringify(each.name)} is there twice`);
      names.add(each.name);
      try {
        return declare(each);
      } catch (error) {
        throw this.placed([list, index], error);
      }
    });
  }

  private placed(path: JsonPath, error: unknown): unknown {
    if (!(error instanceof CodedError)) return error;
    const inner = pathOfError(error);
    const [, problem = error.message] = /^\S+: ([^]*)$/.exec(inner.length === 0 ? '' : error.message) ?? [];
    return this.document.error([...path, ...inner], problem.replace(/\.$/, ''), { code: error.code, cause: error });
  }
}
