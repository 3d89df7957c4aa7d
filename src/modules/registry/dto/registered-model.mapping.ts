import type { ModelListOptions } from '../registered-model.service.js';
import { tagsOf } from '../tags.rules.js';
import type { RegisteredModelsArgs } from './registered-model.input.js';

/** GraphQL gives null where nothing was given; the service takes undefined. */
export function listOptionsOf({ first, after, filter, orderBy }: RegisteredModelsArgs): ModelListOptions {
  return {
    first: first ?? undefined,
    after: after ?? undefined,
    order: orderBy ?? undefined,
    filter: {
      nameContains: filter?.nameContains ?? undefined,
      tags: filter?.tags ? tagsOf(filter.tags) : undefined,
      stage: filter?.stage ?? undefined,
    },
  };
}
