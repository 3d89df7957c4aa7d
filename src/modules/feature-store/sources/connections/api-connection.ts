import type { Watermark } from './watermark.js';

/** A header of each request: a text, or the name of a secret. One of both is null. */
export interface ApiHeader {
  readonly name: string;
  readonly value: string | null;
  readonly secret: string | null;
}

/** By what an API tells where its next page is. */
export const paginationStyles = ['CURSOR', 'PAGE', 'LINK'] as const;

export type PaginationStyle = (typeof paginationStyles)[number];

/** How the pages of an API follow each other. */
export interface ApiPagination {
  readonly style: PaginationStyle;
  /** The parameter of the query that takes the cursor or the number of the page; null where the cursor is a URL. */
  readonly parameter: string | null;
  /** Where the cursor stands in a page, as JSON Pointer; null for other styles. */
  readonly pointer: string | null;
  /** Number of the first page; null for other styles. */
  readonly first: number | null;
}

export interface ApiWatermark extends Watermark {
  /** The parameter of the query that takes from where on is asked. */
  readonly parameter: string;
}

/** From where an `API` source is read: JSON or NDJSON over HTTP. */
export interface ApiConnection {
  readonly kind: 'API';
  readonly url: string;
  readonly headers: ApiHeader[];
  /** Where the list of records stands in a page, as JSON Pointer; empty where the page is the list. */
  readonly records: string;
  /** Null where there is but one page. */
  readonly pagination: ApiPagination | null;
  /** Null: each collection reads all. */
  readonly watermark: ApiWatermark | null;
}
