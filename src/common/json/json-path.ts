/** Where a value stands in JSON, from the outside in. */
export type JsonPath = readonly PropertyKey[];

/** As a reader would write it, such as `steps[2].input`; empty for all of it. */
export const jsonPathText = (path: JsonPath): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
