import type { TypedColumn } from '../value-types.js';
import type { DeclaredViewSource } from './declared-definitions.js';
import { definitionError } from './definition-error.js';

type Optional<Value> = Value | null | undefined;

/** Where the rows of a view come from, as inputs and files say it. */
export interface GivenViewSource {
  readonly dataSource?: Optional<string>;
  readonly featureView?: Optional<{ readonly name: string; readonly version?: Optional<number> }>;
  readonly request?: Optional<{
    readonly fields?: Optional<readonly TypedColumn[]>;
    readonly features?: Optional<
      readonly { readonly view: string; readonly version?: Optional<number>; readonly features: readonly string[] }[]
    >;
  }>;
}

/** @throws {CodedError} INVALID_INPUT unless there is exactly one. */
export function declaredSourceOf({ dataSource, featureView, request }: GivenViewSource): DeclaredViewSource {
  const sources: DeclaredViewSource[] = [];
  if (dataSource != null) sources.push({ kind: 'DATA_SOURCE', name: dataSource });
  if (featureView != null) {
    sources.push({ kind: 'FEATURE_VIEW', view: featureView.name, version: featureView.version ?? null });
  }
  if (request != null) {
    sources.push({
      kind: 'REQUEST',
      fields: (request.fields ?? []).map(({ name, type }) => ({ name, type })),
      features: (request.features ?? []).map(({ view, version, features }) => ({
        view,
        version: version ?? null,
        features,
      })),
    });
  }
  const [source, ...others] = sources;
  if (source !== undefined && others.length === 0) return source;
  throw definitionError(['source'], 'name exactly one of dataSource, featureView and request');
}
