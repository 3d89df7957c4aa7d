import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ArtifactStore } from '../../src/common/storage/artifact-store.js';
import { headersOf, startTestRegistry, type TestActor, type TestRegistry } from '../support/registry.js';

const MAX_BYTES = 200_000;

let registry: TestRegistry;
const engineer: TestActor = { workspaceId: randomUUID(), role: 'ENGINEER' };
const stranger: TestActor = { workspaceId: randomUUID(), role: 'ENGINEER' };

beforeAll(async () => {
  registry = await startTestRegistry({ NESTOR_ARTIFACT_MAX_BYTES: String(MAX_BYTES) });
});

afterAll(async () => {
  await registry.close();
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const digestOf = (bytes: Uint8Array) => `sha256:${sha256(bytes).toString('hex')}`;
const parts = () => readdir(join(registry.home, 'artifacts', 'tmp'));
const storedBy = async (response: Response) => (await response.json()) as { digest: string };
const codeOf = async (response: Response) => ((await response.json()) as { error?: { code: string } }).error?.code;
const download = (actor: TestActor, digest: string) =>
  fetch(`${registry.url}/api/artifacts/${digest}`, { headers: headersOf(actor) });

async function counts() {
  const [row] = await registry.dataSource.query<{ artifacts: number; events: number }[]>(
    `SELECT (SELECT count(*)::integer FROM artifacts) AS artifacts,
            (SELECT count(*)::integer FROM audit_events WHERE action = 'artifact.upload') AS events`,
  );
  return row;
}

describe('PUT /api/artifacts', () => {
  it('stores the bytes once, and says whether the workspace had them', async () => {
    const bytes = randomBytes(100_000);
    const before = await counts();
    const first = await registry.upload(engineer, bytes);
    expect([first.status, await first.json()]).toEqual([201, { digest: digestOf(bytes), sizeBytes: bytes.length }]);
    const again = await registry.upload(engineer, bytes);
    expect([again.status, await again.json()]).toEqual([200, { digest: digestOf(bytes), sizeBytes: bytes.length }]);
    const elsewhere = await registry.upload(stranger, bytes);
    expect(elsewhere.status).toBe(201);
    expect(await counts()).toEqual({ artifacts: (before?.artifacts ?? 0) + 2, events: (before?.events ?? 0) + 3 });
    expect(await parts()).toEqual([]);
  });

  it('gives the bytes back to the workspace that has them, and to no other', async () => {
    const bytes = randomBytes(50_000);
    const { digest } = await storedBy(await registry.upload(engineer, bytes));
    const own = await download(engineer, digest);
    expect(own.status).toBe(200);
    expect(own.headers.get('content-length')).toBe('50000');
    expect(own.headers.get('etag')).toBe(`"${digest}"`);
    expect(Buffer.from(await own.arrayBuffer())).toEqual(bytes);
    const foreign = await download(stranger, digest);
    expect([foreign.status, await codeOf(foreign)]).toEqual([404, 'ARTIFACT_NOT_FOUND']);
    const nonsense = await download(engineer, 'sha256:..%2F..%2Fsecret');
    expect([nonsense.status, await codeOf(nonsense)]).toEqual([400, 'INVALID_INPUT']);
  });

  it('answers ARTIFACT_NOT_FOUND where the store has lost the file', async () => {
    const { digest } = await storedBy(await registry.upload(engineer, randomBytes(10)));
    await registry.app.get(ArtifactStore).delete(digest as `sha256:${string}`);
    expect(await codeOf(await download(engineer, digest))).toBe('ARTIFACT_NOT_FOUND');
  });

  it('takes an empty file; whether it is a model is another question', async () => {
    const response = await registry.upload(engineer, new Uint8Array());
    expect(await response.json()).toEqual({ digest: digestOf(new Uint8Array()), sizeBytes: 0 });
  });

  it.each(['x-nestor-digest', 'digest'])('verifies what the %s header announces', async (header) => {
    const bytes = randomBytes(1_000);
    const wrong = digestOf(randomBytes(1));
    const before = await counts();
    const refused = await registry.upload(engineer, bytes, { [header]: wrong });
    expect([refused.status, await codeOf(refused)]).toEqual([400, 'DIGEST_MISMATCH']);
    expect(await counts()).toEqual(before);
    expect((await registry.upload(engineer, bytes, { [header]: digestOf(bytes) })).status).toBe(201);
    const rfc3230 = `sha-256=${sha256(bytes).toString('base64')}`;
    expect((await registry.upload(engineer, bytes, { [header]: rfc3230 })).status).toBe(200);
    expect(await codeOf(await registry.upload(engineer, bytes, { [header]: 'md5=abc' }))).toBe('INVALID_INPUT');
  });

  it('refuses an announced size above the limit, and takes the limit itself', async () => {
    const over = await registry.upload(engineer, Buffer.alloc(MAX_BYTES + 1));
    expect([over.status, await codeOf(over)]).toEqual([413, 'ARTIFACT_TOO_LARGE']);
    expect((await registry.upload(engineer, Buffer.alloc(MAX_BYTES))).status).toBe(201);
  });

  it('lets a client that still sends read the refusal', async () => {
    const over = await registry.upload(engineer, Buffer.alloc(30_000_000));
    expect([over.status, await codeOf(over)]).toEqual([413, 'ARTIFACT_TOO_LARGE']);
  });

  it.each([
    ['another content type', { 'content-type': 'application/json' }, '{"a":1}'],
    ['an unknown content type', { 'content-type': 'model/onnx' }, 'x'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=b'],
  ])('refuses %s', async (_, headers, body) => {
    const response = await registry.upload(engineer, Buffer.from(body), headers);
    expect([400, 415]).toContain(response.status);
    expect(await codeOf(response)).toBe('BAD_REQUEST');
  });

  it('needs a permission', async () => {
    const response = await registry.upload({ ...engineer, role: 'VIEWER' }, randomBytes(10));
    expect([response.status, await codeOf(response)]).toEqual([403, 'FORBIDDEN']);
    expect(await parts()).toEqual([]);
  });
});

describe('an upload that is not finished', () => {
  const open: ClientRequest[] = [];

  afterEach(() => {
    for (const upload of open.splice(0)) upload.destroy();
  });

  /** An upload without an announced size, whose end is for the test to decide. */
  function begin(actor = engineer): { upload: ClientRequest; answer: Promise<IncomingMessage> } {
    const headers = { 'content-type': 'application/octet-stream', ...headersOf(actor) };
    const upload = request(`${registry.url}/api/artifacts`, { method: 'PUT', headers });
    open.push(upload);
    const answer = new Promise<IncomingMessage>((resolve, reject) =>
      upload.on('response', resolve).on('error', reject),
    );
    answer.catch(() => undefined);
    return { upload, answer };
  }

  it('leaves nothing behind when the client goes away', async () => {
    const before = await counts();
    const stored = await readdir(join(registry.home, 'artifacts', 'sha256'), { recursive: true });
    const { upload } = begin();
    upload.write(randomBytes(60_000));
    await vi.waitFor(async () => expect(await parts()).toHaveLength(1), { timeout: 10_000 });
    upload.destroy();
    await vi.waitFor(async () => expect(await parts()).toEqual([]), { timeout: 10_000 });
    expect(await readdir(join(registry.home, 'artifacts', 'sha256'), { recursive: true })).toEqual(stored);
    expect(await counts()).toEqual(before);
  });

  it('is refused as soon as it has passed the limit, and the client reads why', async () => {
    const { upload, answer } = begin();
    upload.write(randomBytes(MAX_BYTES + 1));
    const response = await answer;
    expect(response.statusCode).toBe(413);
    response.resume();
    expect(await parts()).toEqual([]);
  });

  it('is refused for want of permission before it has arrived', async () => {
    const { upload, answer } = begin({ ...engineer, role: 'AUDITOR' });
    upload.write(randomBytes(10));
    expect((await answer).statusCode).toBe(403);
  });
});

describe('the store under the registry', () => {
  it('reports a damaged folder as an inner failure, without its path', async () => {
    const folder = join(registry.home, 'artifacts', 'tmp');
    await rm(folder, { recursive: true });
    await writeFile(folder, 'not a folder');
    const response = await registry.upload(engineer, randomBytes(10));
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain(registry.home);
    await rm(folder);
  });
});
