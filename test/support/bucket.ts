import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import aws4 from 'aws4';

interface StoredObject {
  readonly body: Buffer;
  readonly modified: Date;
}

/** Objects of one page of a listing. */
const PAGE = 2;

/**
 * As much of the protocol of Amazon S3 as reading takes: pages of `ListObjectsV2`, objects under a condition, errors in XML.
 * It signs each request once more by itself and compares.
 */
export class BucketService {
  readonly objects = new Map<string, StoredObject>();
  /** What is answered in place of what was asked for; undefined: nothing. */
  instead: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Called before an object is answered. */
  beforeObject: ((key: string) => void) | undefined;
  readonly key = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret / key+' };
  readonly name = 'exports';
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      if (this.instead === undefined) this.answer(request, response);
      else this.instead(request, response);
    });
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  put(key: string, body: string | Buffer, modified: Date): void {
    this.objects.set(key, { body: Buffer.from(body), modified });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', this.endpoint);
    const [, bucket, ...rest] = url.pathname.split('/');
    if (!this.isSigned(request)) return refuse(response, 403, 'SignatureDoesNotMatch', 'It is signed otherwise.');
    if (bucket !== this.name) return refuse(response, 404, 'NoSuchBucket', 'The specified bucket does not exist');
    if (rest.length === 0) return this.list(url.searchParams, response);
    const key = decodeURIComponent(rest.join('/'));
    this.beforeObject?.(key);
    const object = this.objects.get(key);
    if (object === undefined) return refuse(response, 404, 'NoSuchKey', 'The specified key does not exist.');
    if (request.headers['if-match'] !== etagOf(object))
      return refuse(response, 412, 'PreconditionFailed', 'It changed.');
    response.end(object.body);
  }

  private isSigned({ url: path = '', headers }: IncomingMessage): boolean {
    const given = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-') || name === 'if-match');
    const request = {
      method: 'GET',
      service: 's3',
      region: 'eu-test-1',
      host: headers.host ?? '',
      path,
      headers: Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
    };
    return aws4.sign(request, this.key).headers?.['Authorization'] === headers.authorization;
  }

  private list(query: URLSearchParams, response: ServerResponse): void {
    const prefix = query.get('prefix') ?? '';
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    const own = keys.filter((key) => !key.slice(prefix.length).includes('/'));
    const from = Number(query.get('continuation-token') ?? 0);
    const page = own.slice(from, from + PAGE);
    const isTruncated = from + PAGE < own.length;
    const contents = page.map((key) => {
      const object = this.objects.get(key);
      if (object === undefined) return '';
      return `<Contents><Key>${encodeURIComponent(key)}</Key><LastModified>${object.modified.toISOString()}</LastModified>
        <ETag>${etagOf(object).replaceAll('"', '&quot;')}</ETag><Size>${object.body.length}</Size></Contents>`;
    });
    response.end(`<?xml version="1.0" encoding="UTF-8"?>
      <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${this.name}</Name>
        <EncodingType>url</EncodingType><IsTruncated>${isTruncated}</IsTruncated>
        ${isTruncated ? `<NextContinuationToken>${from + PAGE}</NextContinuationToken>` : ''}
        ${contents.join('')}<CommonPrefixes><Prefix>deeper/</Prefix></CommonPrefixes></ListBucketResult>`);
  }
}

const etagOf = ({ body }: StoredObject): string => `"${createHash('md5').update(body).digest('hex')}"`;

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}
