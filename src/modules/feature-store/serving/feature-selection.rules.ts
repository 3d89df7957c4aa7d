import { CodedError } from '../../../common/errors/coded-error.js';

/** Which features are wanted: those of a service, or each by its name. */
export type FeatureSelection =
  | {
      readonly service: string;
      /** The newest, unless given. */
      readonly version?: number | undefined;
    }
  /** As `view:feature` or `view@version:feature`. */
  | { readonly features: readonly string[] };

/** Those of a version of a service, by its id; also where the service was deleted since. */
export interface PinnedService {
  readonly serviceVersionId: string;
}

/** How inputs say it: one of both. */
export interface FeatureSelectionInput {
  readonly service?: string | null;
  readonly serviceVersion?: number | null;
  readonly features?: readonly string[] | null;
}

/** @throws {CodedError} INVALID_INPUT where both or neither are given. */
export function selectionOf({ service, serviceVersion, features }: FeatureSelectionInput): FeatureSelection {
  if (service != null && features == null) return { service, version: serviceVersion ?? undefined };
  if (service == null && features != null && serviceVersion == null) return { features };
  throw new CodedError('INVALID_INPUT', 'Give either service, with or without serviceVersion, or features.');
}
