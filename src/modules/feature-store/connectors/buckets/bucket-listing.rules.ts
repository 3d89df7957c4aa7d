import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { CodedError } from '../../../../common/errors/coded-error.js';
import type { FileMark } from '../found-file.js';

/** An object as a listing tells of it. */
export interface ListedObject extends FileMark {
  readonly key: string;
  /** As the service quotes it. */
  readonly etag: string;
}

export interface Listing {
  readonly objects: readonly ListedObject[];
  /** Where the next page begins; null on the last. */
  readonly next: string | null;
}

/** Keys come encoded, so that no text of an answer needs entities. */
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  processEntities: false,
  isArray: (name) => name === 'Contents',
});

const listing = z.object({
  ListBucketResult: z.object({
    IsTruncated: z.enum(['true', 'false']),
    NextContinuationToken: z.string().min(1).optional(),
    Contents: z
      .array(
        z.object({
          Key: z.string(),
          Size: z.string().regex(/^\d{1,15}$/),
          LastModified: z.string(),
          ETag: z.string(),
        }),
      )
      .default([]),
  }),
});

const failure = z.object({ Error: z.object({ Code: z.string(), Message: z.string().default('') }) });

/** Reads a page of `ListObjectsV2` with `encoding-type=url`. @throws {CodedError} SOURCE_FAILED */
export function listingOf(body: string): Listing {
  const read = listing.safeParse(documentOf(body));
  if (!read.success) throw new CodedError('SOURCE_FAILED', 'The bucket answers with something that is no listing.');
  const { IsTruncated, NextContinuationToken, Contents } = read.data.ListBucketResult;
  if (IsTruncated === 'true' && NextContinuationToken === undefined) {
    throw new CodedError('SOURCE_FAILED', 'The bucket says that there is more to list, and not where it begins.');
  }
  return {
    objects: Contents.map((object) => ({
      key: decoded(object.Key),
      sizeBytes: Number(object.Size),
      modifiedMs: Date.parse(object.LastModified),
      etag: `"${object.ETag.replaceAll('&quot;', '').replaceAll('&#34;', '').replaceAll('"', '')}"`,
    })),
    next: IsTruncated === 'true' ? (NextContinuationToken ?? null) : null,
  };
}

/** What a service says of a request that failed, such as `NoSuchBucket: The specified bucket does not exist`. */
export function failureText(body: string): string {
  const read = failure.safeParse(documentOf(body));
  if (!read.success) return 'without a reason';
  const { Code, Message } = read.data.Error;
  return `${Code}: ${Message}`.slice(0, 500);
}

function documentOf(body: string): unknown {
  try {
    return parser.parse(body);
  } catch {
    return undefined;
  }
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch (cause) {
    throw new CodedError('SOURCE_FAILED', 'The bucket lists a key that is not encoded as it was asked for.', { cause });
  }
}
