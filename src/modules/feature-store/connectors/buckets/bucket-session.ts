import { CodedError } from '../../../../common/errors/coded-error.js';
import type { Digest } from '../../../../common/storage/digest.js';
import type { BucketLocation } from '../../sources/connections/bucket-location.js';
import type { HttpAnswer, HttpSession } from '../api/http-session.js';
import { matchesPattern } from '../folders/file-pattern.rules.js';
import { type FoundFile, type FoundFiles, MAX_FOUND_FILES } from '../found-file.js';
import { failureText, type ListedObject, listingOf } from './bucket-listing.rules.js';
import { type AccessKey, listRequest, objectRequest } from './bucket-request.rules.js';

/** Answers that another attempt may not get. */
const passing = new Set([429, 500, 502, 503, 504]);

/** Lists a bucket and fetches its objects. */
export class BucketSession {
  constructor(
    private readonly http: HttpSession,
    private readonly bucket: BucketLocation,
    private readonly key: AccessKey | null,
  ) {}

  /** The objects below the prefix whose names match; those that begin with a dot are left out, as in a folder. */
  async find(pattern: string): Promise<FoundFiles> {
    const objects = new Map<string, ListedObject>();
    for await (const object of this.objects()) {
      const name = object.key.slice(this.bucket.prefix.length);
      if (name === '' || name.startsWith('.') || !matchesPattern(name, pattern)) continue;
      objects.set(name, object);
      if (objects.size > MAX_FOUND_FILES) throw tooMany();
    }
    const open = (name: string): Promise<FoundFile | undefined> => {
      const object = objects.get(name);
      return Promise.resolve(object && this.fileOf(object));
    };
    return { names: [...objects.keys()].sort(), open };
  }

  private async *objects(): AsyncGenerator<ListedObject> {
    const tokens = new Set<string>();
    let token: string | null = null;
    do {
      const { url, headers } = listRequest(this.bucket, token, this.key);
      const answer: HttpAnswer = await this.http.get(url, url.origin, headers);
      if (answer.status !== 200) throw this.refused(answer);
      const listing = listingOf(answer.body.toString('utf8'));
      yield* listing.objects;
      token = listing.next;
      if (token === null) return;
      if (tokens.has(token)) throw new CodedError('SOURCE_FAILED', 'The bucket lists the same page again and again.');
      tokens.add(token);
    } while (tokens.size <= MAX_FOUND_FILES);
    throw tooMany();
  }

  private fileOf(object: ListedObject): FoundFile {
    return {
      mark: object,
      copyTo: (path) => this.fetch(object, path),
      close: () => Promise.resolve(),
    };
  }

  private async fetch({ key, etag, sizeBytes }: ListedObject, path: string): Promise<Digest | undefined> {
    const { url, headers } = objectRequest(this.bucket, key, etag, this.key);
    const answer = await this.http.save(url, headers, path, sizeBytes);
    // It was replaced or removed since it was listed: the next collection finds what is there then.
    if (answer.status === 412 || answer.status === 404) return undefined;
    if (answer.digest === null) throw this.refused(answer);
    return answer.digest;
  }

  private refused({ status, body }: HttpAnswer): CodedError {
    const what = `The bucket ${this.bucket.name} answers ${status}, ${failureText(body.toString('utf8'))}`;
    return new CodedError(passing.has(status) ? 'SERVICE_UNAVAILABLE' : 'SOURCE_FAILED', what);
  }
}

const tooMany = (): CodedError =>
  new CodedError(
    'SOURCE_FAILED',
    `More than ${MAX_FOUND_FILES} objects match, more than can be told apart. Move those that were read elsewhere.`,
  );
