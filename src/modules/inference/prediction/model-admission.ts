import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import { Admission } from './admission.js';

/** Lets so many predictions of a version in at a time as its policy says. */
export class ModelAdmission {
  /** By id of the version, of those that have a limit. */
  private readonly byVersion = new Map<string, Admission>();

  /** Works on a prediction. @throws {CodedError} OVERLOADED where there are too many already. */
  async within<Result>(target: ServableVersion, work: () => Promise<Result>): Promise<Result> {
    const limit = target.serving?.policy.queueLimit;
    if (limit === undefined) return work();
    const admission = this.of(target, limit);
    admission.enter();
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      admission.leave(performance.now() - startedAt);
    }
  }

  private of({ versionId, model, version }: ServableVersion, limit: number): Admission {
    const known = this.byVersion.get(versionId);
    if (known !== undefined) {
      known.places = limit;
      return known;
    }
    const admission = new Admission(limit, `predictions of version ${version} of ${model}`);
    this.byVersion.set(versionId, admission);
    return admission;
  }
}
