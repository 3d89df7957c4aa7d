import { CodedError } from '../../../common/errors/coded-error.js';
import type { ModelStage } from '../model-stage.js';
import type { ModelReference, ServableVersion } from './servable-version.js';

/** Most names that an error lists. */
const MAX_LISTED = 10;

export interface CatalogVersion extends ServableVersion {
  readonly stage: ModelStage;
}

export interface CatalogAlias {
  readonly modelId: string;
  readonly alias: string;
  readonly version: number;
}

interface CatalogModel {
  readonly name: string;
  /** By number, newest first. */
  readonly versions: ReadonlyMap<number, CatalogVersion>;
  readonly aliases: ReadonlyMap<string, CatalogVersion>;
  /** What is served when neither version nor alias is named; null when all versions are archived or there are none. */
  readonly defaultVersion: CatalogVersion | null;
}

/** The models of one workspace at one moment, by name. */
export type Catalog = ReadonlyMap<string, CatalogModel>;

export function buildCatalog(
  models: readonly { readonly id: string; readonly name: string }[],
  versions: readonly CatalogVersion[],
  aliases: readonly CatalogAlias[],
): Catalog {
  const newestFirst = versions.toSorted((one, other) => other.version - one.version);
  const drafts = new Map(models.map(({ id, name }) => [id, draftOf(name)]));
  for (const version of newestFirst) drafts.get(version.modelId)?.versions.set(version.version, version);
  for (const { modelId, alias, version } of aliases) {
    const target = drafts.get(modelId)?.versions.get(version);
    if (target !== undefined) drafts.get(modelId)?.aliases.set(alias, target);
  }
  return new Map(
    [...drafts.values()].map((draft) => [
      draft.name,
      { ...draft, defaultVersion: defaultOf([...draft.versions.values()]) },
    ]),
  );
}

const draftOf = (name: string) => ({
  name,
  versions: new Map<number, CatalogVersion>(),
  aliases: new Map<string, CatalogVersion>(),
});

/** PRODUCTION, else the newest; an archived version is only served to those who name it or an alias of it. */
function defaultOf(newestFirst: readonly CatalogVersion[]): CatalogVersion | null {
  const inProduction = newestFirst.find(({ stage }) => stage === 'PRODUCTION');
  return inProduction ?? newestFirst.find(({ stage }) => stage !== 'ARCHIVED') ?? null;
}

/** The version that is meant, or the error that says why there is none. It is returned, as looking again may help. */
export function findServable(catalog: Catalog, reference: ModelReference): ServableVersion | CodedError {
  const model = catalog.get(reference.model);
  if (model === undefined) return unknownModel(catalog, reference.model);
  if (reference.version !== undefined && reference.version !== null) {
    return model.versions.get(reference.version) ?? unknownVersion(model, reference.version);
  }
  if (reference.alias !== undefined && reference.alias !== null) {
    return model.aliases.get(reference.alias) ?? unknownAlias(model, reference.alias);
  }
  return model.defaultVersion ?? notReady(model);
}

/** As `findServable`, and refuses a version that was unloaded. */
export function findServed(catalog: Catalog, reference: ModelReference): ServableVersion | CodedError {
  const found = findServable(catalog, reference);
  if (found instanceof CodedError || found.serving?.residency !== 'UNLOADED') return found;
  return new CodedError(
    'MODEL_UNLOADED',
    `Version ${found.version} of model ${shown(found.model)} was unloaded. Load it to have it served again.`,
  );
}

/** The versions of one model, or of all, by name and number; the error where there is no such model. */
export function versionsIn(catalog: Catalog, name: string | undefined): ServableVersion[] | CodedError {
  if (name !== undefined) {
    const model = catalog.get(name);
    return model === undefined ? unknownModel(catalog, name) : [...model.versions.values()].toReversed();
  }
  const models = [...catalog.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return models.flatMap(({ versions }) => [...versions.values()].toReversed());
}

const unknownModel = (catalog: Catalog, name: string) =>
  notFound(`There is no model ${shown(name)} in this workspace; it has ${listed(catalog.keys())}.`);

const unknownVersion = ({ name, versions }: CatalogModel, version: number) =>
  notFound(`Model ${shown(name)} has no version ${version}; it has ${listed(versions.keys())}.`);

const unknownAlias = ({ name, aliases }: CatalogModel, alias: string) =>
  notFound(`Model ${shown(name)} has no alias ${shown(alias)}; it has ${listed(aliases.keys())}.`);

function notReady({ name, versions }: CatalogModel): CodedError {
  const reason =
    versions.size === 0
      ? 'has no version yet. Upload an artifact and call createModelVersion.'
      : `has only archived versions (${listed(versions.keys())}). Name one of them, or transition one to another stage.`;
  return new CodedError('MODEL_NOT_READY', `Model ${shown(name)} ${reason}`);
}

const notFound = (message: string) => new CodedError('MODEL_NOT_FOUND', message);

const shown = (text: string): string => JSON.stringify(text.length > 128 ? `${text.slice(0, 128)}…` : text);

function listed(names: Iterable<string | number>): string {
  const all = [...names];
  if (all.length === 0) return 'none';
  const more = all.length > MAX_LISTED ? ` and ${all.length - MAX_LISTED} more` : '';
  return all.slice(0, MAX_LISTED).join(', ') + more;
}
