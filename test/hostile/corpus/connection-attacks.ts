import { randomBytes } from 'node:crypto';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Attack, Outcome, Target } from './attack.js';

type Talk = (socket: Socket, target: Target) => Promise<void> | void;

/** Talks over a connection of its own to the public port. @param code of the last answer before the server hung up. */
function connection(what: string, code: string, talk: Talk): Attack {
  return {
    what,
    code,
    send: async (target) => {
      const { hostname, port } = new URL(target.url);
      return codeOf(await exchange(hostname, Number(port), (socket) => talk(socket, target)));
    },
  };
}

/** One that leaves; whatever it is answered, nobody reads. */
function leaving(what: string, talk: Talk): Attack {
  const attack = connection(what, 'NOTHING', async (socket, target) => {
    await talk(socket, target);
    await sleep(50);
    socket.resetAndDestroy();
  });
  return { ...attack, send: (target) => attack.send(target).then(() => ({ code: 'NOTHING', text: '' })) };
}

/** @returns all that the other side said until either hung up. */
function exchange(host: string, port: number, talk: (socket: Socket) => Promise<void> | void): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let said = '';
    socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
    // A connection that is reset is one that has ended.
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(said));
    socket.once('connect', () => void talk(socket));
  });
}

function codeOf(said: string): Outcome {
  const answers = said.split(/(?=HTTP\/1\.1 \d{3})/).filter((part) => part !== '');
  const last = answers.at(-1) ?? '';
  const code = /x-nestor-error-code: (\w+)/.exec(last)?.[1] ?? /"code":"(\w+)"/.exec(last)?.[1];
  if (code !== undefined) return { code, text: last.slice(last.indexOf('\r\n\r\n')) };
  return { code: last.startsWith('HTTP/1.1 2') ? 'OK' : 'NOTHING', text: '' };
}

const lines = (...text: readonly string[]): string => text.map((line) => `${line}\r\n`).join('');
const credentials = ({ key }: Target): string[] => Object.entries(key).map(([name, value]) => `${name}: ${value}`);
const INFER = '/v2/models/simple/infer';

/** The head of a request. */
const head = (target: Target, path: string, ...headers: readonly string[]): string =>
  `${lines(`POST ${path} HTTP/1.1`, 'host: nestor', ...credentials(target), ...headers)}\r\n`;
const jsonHead = (target: Target, length: number, path = '/graphql'): string =>
  head(target, path, 'content-type: application/json', `content-length: ${length}`);

const send = (write: (target: Target) => string): Talk => {
  return (socket, target) => void socket.write(write(target));
};

/** Sends a byte now and then, until the other side has had enough. */
async function trickle(socket: Socket, byte: string): Promise<void> {
  while (!socket.destroyed && socket.writable) {
    socket.write(byte);
    await sleep(50);
    // A busy process comes late: it reads what came before it writes on, or a reset would take the answer with it.
    await setImmediate();
  }
}

const malformed: readonly Attack[] = [
  connection(
    'what is no HTTP',
    'BAD_REQUEST',
    send(() => '\0\x01\x02\x03\r\n\r\n'),
  ),
  connection(
    'TLS on a plain port',
    'BAD_REQUEST',
    send(() => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  ),
  connection(
    'a header of a megabyte',
    'BAD_REQUEST',
    send((target) => head(target, INFER, `x: ${'x'.repeat(1_000_000)}`)),
  ),
  connection(
    'fifty thousand headers',
    'BAD_REQUEST',
    send((target) => head(target, INFER, ...Array.from({ length: 50_000 }, (_, index) => `h${index}: 1`))),
  ),
  connection(
    'a path of a megabyte',
    'BAD_REQUEST',
    send((target) => head(target, `/v2/${'x'.repeat(1_000_000)}`)),
  ),
  connection(
    'two lengths',
    'BAD_REQUEST',
    send((target) => head(target, INFER, 'content-length: 5', 'content-length: 6')),
  ),
  connection(
    'a length and chunks',
    'BAD_REQUEST',
    send((target) => `${head(target, INFER, 'content-length: 5', 'transfer-encoding: chunked')}0\r\n\r\n`),
  ),
  connection(
    'a length below zero',
    'BAD_REQUEST',
    send((target) => head(target, INFER, 'content-length: -1')),
  ),
  connection(
    'a length beyond 64 bits',
    'BAD_REQUEST',
    send((target) => head(target, INFER, `content-length: ${'9'.repeat(30)}`)),
  ),
  connection(
    'a chunk beyond 64 bits',
    'BAD_REQUEST',
    send((target) => `${head(target, INFER, 'transfer-encoding: chunked')}${'f'.repeat(20)}\r\n`),
  ),
  connection(
    'a line break within a header',
    'BAD_REQUEST',
    send((target) => head(target, INFER, 'x: a\rb: c')),
  ),
  connection(
    'JSON that is announced above the limit',
    'PAYLOAD_TOO_LARGE',
    send((target) => jsonHead(target, 10_000_000_000)),
  ),
  connection(
    'many requests at once, and then rubbish',
    'BAD_REQUEST',
    send((target) => `${`${jsonHead(target, 26)}{"query":"{ __typename }" }`.repeat(200)}rubbish\r\n\r\n`),
  ),
];

const slow: readonly Attack[] = [
  connection('a connection that says nothing', 'REQUEST_TIMEOUT', () => undefined),
  connection('headers that hardly come', 'REQUEST_TIMEOUT', async (socket) => {
    socket.write('POST /graphql HTTP/1.1\r\nx: ');
    await trickle(socket, 'x');
  }),
  connection(
    'JSON that does not come',
    'REQUEST_TIMEOUT',
    send((target) => jsonHead(target, 1_000)),
  ),
  connection('JSON that hardly comes', 'REQUEST_TIMEOUT', async (socket, target) => {
    socket.write(jsonHead(target, 100_000));
    await trickle(socket, ' ');
  }),
  connection('tensors that hardly come', 'REQUEST_TIMEOUT', async (socket, target) => {
    socket.write(head(target, INFER, 'content-length: 100000'));
    await trickle(socket, ' ');
  }),
  connection('chunks that hardly come', 'REQUEST_TIMEOUT', async (socket, target) => {
    socket.write(head(target, INFER, 'transfer-encoding: chunked'));
    await trickle(socket, '1\r\n \r\n');
  }),
  connection('a file that hardly comes', 'REQUEST_TIMEOUT', async (socket, target) => {
    const upload = head(target, '/api/artifacts', 'content-type: application/octet-stream', 'content-length: 100000');
    socket.write(upload.replace('POST', 'PUT'));
    await trickle(socket, 'x');
  }),
];

const half = ' '.repeat(50_000);
const aborted: readonly Attack[] = [
  leaving('half of the JSON', (socket, target) => void socket.write(jsonHead(target, 100_000) + half)),
  leaving(
    'half of the tensors',
    (socket, target) => void socket.write(head(target, INFER, 'content-length: 100000') + half),
  ),
  leaving('half of the packed tensors', (socket, target) => {
    socket.write(head(target, INFER, 'content-length: 100000', 'content-encoding: gzip'));
    socket.write(gzipSync(randomBytes(100_000)).subarray(0, 50_000));
  }),
  leaving('half of a file', (socket, target) => {
    const upload = head(target, '/api/artifacts', 'content-type: application/octet-stream', 'content-length: 100000');
    socket.write(upload.replace('POST', 'PUT') + half);
  }),
  leaving('a request whose answer nobody reads', (socket, target) => {
    const data = Array.from({ length: 16 }, () => 1);
    const inputs = ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [1, 16], data }));
    const body = JSON.stringify({ inputs });
    socket.write((jsonHead(target, body.length, INFER) + body).repeat(20));
  }),
  leaving('a WebSocket that sends rubbish', (socket, target) => {
    const upgrade = [
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-protocol: graphql-transport-ws',
      `sec-websocket-key: ${'A'.repeat(22)}==`,
    ];
    socket.write(head(target, '/graphql', ...upgrade).replace('POST', 'GET'));
    socket.write(Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
  }),
];

/** Opens streams over HTTP/2 and resets them at once (CVE-2023-44487). */
const rapidReset: Attack = {
  what: 'five thousand calls of gRPC that are reset at once',
  code: 'NOTHING',
  send: ({ grpcPort }) =>
    new Promise((resolve) => {
      const session = connectHttp2(`http://127.0.0.1:${grpcPort}`);
      // The server may well hang up.
      session.on('error', () => undefined);
      session.once('close', () => resolve({ code: 'NOTHING', text: '' }));
      session.once('connect', () => {
        for (let count = 0; count < 5_000 && !session.destroyed; count += 1) {
          const stream = session.request({
            ':method': 'POST',
            ':path': '/inference.GRPCInferenceService/ModelInfer',
            'content-type': 'application/grpc',
          });
          stream.on('error', () => undefined);
          stream.close(constants.NGHTTP2_CANCEL);
        }
        // Answered in turn, if it still answers at all.
        session.ping(() => session.destroy());
      });
    }),
};

const noHttp2: Attack = {
  what: 'what is no HTTP/2, on the port of gRPC',
  code: 'NOTHING',
  send: async ({ grpcPort }) => {
    await exchange(
      '127.0.0.1',
      grpcPort,
      (socket) => void socket.write(`GET / HTTP/1.1\r\n\r\n${'\0'.repeat(10_000)}`),
    );
    return { code: 'NOTHING', text: '' };
  },
};

/** What goes wrong below the requests: connections that are malformed, slow, or end too soon. */
export const connectionAttacks: readonly Attack[] = [...malformed, ...slow, ...aborted, rapidReset, noHttp2];
