import { CodedError } from '../../common/errors/coded-error.js';

/** Free labels of a model or version: one value for each key. */
export type Tags = Readonly<Record<string, string>>;

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** @throws {CodedError} INVALID_INPUT when a key comes twice. */
export function tagsOf(list: readonly Tag[]): Tags {
  const tags = new Map(list.map(({ key, value }) => [key, value]));
  if (tags.size < list.length) {
    const twice = list.find(({ key }, index) => list.findIndex((other) => other.key === key) !== index);
    throw new CodedError('INVALID_INPUT', `tags: the key ${JSON.stringify(twice?.key)} comes more than once.`);
  }
  return Object.fromEntries(tags);
}

/** Ordered by key. */
export const tagList = (tags: Tags): Tag[] =>
  Object.entries(tags)
    .map(([key, value]) => ({ key, value }))
    .toSorted((one, other) => (one.key < other.key ? -1 : 1));
