import { CodedError } from '../../../common/errors/coded-error.js';

/** A feature by the name of its view. */
export interface NamedFeature {
  readonly view: string;
  /** Of the view; undefined for the newest. */
  readonly version: number | undefined;
  readonly feature: string;
}

const form = /^([^:@]+)(?:@([1-9]\d{0,8}))?:(.+)$/s;

/**
 * Reads `view:feature` (of the newest version) or `view@version:feature`.
 * @throws {CodedError} INVALID_INPUT
 */
export function namedFeature(text: string): NamedFeature {
  const [, view, version, feature] = form.exec(text) ?? [];
  if (view === undefined || feature === undefined) {
    throw new CodedError(
      'INVALID_INPUT',
      `${JSON.stringify(text.slice(0, 100))} names no feature. Write view:feature, or view@version:feature.`,
    );
  }
  return { view, version: version === undefined ? undefined : Number(version), feature };
}
