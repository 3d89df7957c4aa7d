import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Requests that come at a constant rate, whatever becomes of those before them. */
export interface Phase {
  readonly perSecond: number;
  readonly seconds: number;
}

export interface OpenLoad {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** A part of every right answer. */
  readonly expects: string;
  /** One right after the other. */
  readonly phases: readonly Phase[];
}

/** One request. Times are in milliseconds from the start of the load. */
export interface Arrival {
  readonly phase: number;
  /** When it was to be sent. Latency counts from here, so that a late generator hides nothing. */
  readonly dueAt: number;
  sentAt: number;
  endedAt: number;
  /** Of the answer; 0 where the request was given up before it was sent. */
  status: number;
}

/** Requests that wait for their answers at once; what is due beyond that is given up, as by a client without patience. */
const MAX_OPEN = 2_000;
const LAST_ANSWER_MS = 30_000;
/** Idle connections are not used after that long: Node's servers close theirs after 5 s, and a request may cross it. */
const REUSED_WITHIN_MS = 3_000;

/**
 * Sends the same POST at constant rates (open loop): a request that is due goes out on a connection that waits for
 * nothing, a new one where there is none. autocannon's rates are not that: its connections wait for their answers.
 * @throws when an answer of status 200 was not the right one, or an answer did not come.
 */
export async function openLoad({ url, headers, body, expects, phases }: OpenLoad): Promise<readonly Arrival[]> {
  const { host, hostname, port, pathname } = new URL(url);
  const lines = Object.entries({ host, 'content-type': 'application/json', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const request = Buffer.from(
    `POST ${pathname} HTTP/1.1\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const idle: Connection[] = [];
  const busy = new Set<Connection>();
  const failures: string[] = [];
  const arrivals = [...schedule(phases)];
  const startedAt = performance.now();
  const elapsed = (): number => performance.now() - startedAt;
  const send = (arrival: Arrival): void => {
    arrival.sentAt = elapsed();
    if (busy.size >= MAX_OPEN) return;
    const last = idle.pop();
    const connection = last?.isReusable === true ? last : new Connection(Number(port), hostname, expects);
    busy.add(connection);
    connection.ask(request, (status, failure) => {
      busy.delete(connection);
      arrival.endedAt = elapsed();
      arrival.status = status;
      if (failure !== undefined) failures.push(failure);
      idle.push(connection);
    });
  };
  for (const arrival of arrivals) {
    // A timer may fire a part of a millisecond early.
    for (let now = elapsed(); now < arrival.dueAt; now = elapsed()) await sleep(arrival.dueAt - now);
    send(arrival);
  }
  const deadline = performance.now() + LAST_ANSWER_MS;
  while (busy.size > 0 && performance.now() < deadline) await sleep(10);
  if (busy.size > 0) failures.push(`${busy.size} requests were not answered`);
  await Promise.all([...idle, ...busy].map((connection) => connection.close()));
  if (failures.length > 0) throw new Error(`${failures.length} requests to ${url} failed, the first: ${failures[0]}`);
  return arrivals;
}

function* schedule(phases: readonly Phase[]): Generator<Arrival> {
  let startsAt = 0;
  for (const [phase, { perSecond, seconds }] of phases.entries()) {
    for (let index = 0; index < perSecond * seconds; index += 1) {
      yield { phase, dueAt: startsAt + (index * 1_000) / perSecond, sentAt: 0, endedAt: 0, status: 0 };
    }
    startsAt += seconds * 1_000;
  }
}

type Answered = (status: number, failure?: string) => void;

/** Status of a request whose connection broke before it was answered. */
export const BROKEN = -1;

/**
 * One connection with one request at a time. It reads just as much of HTTP as it needs, because the generator shares
 * the cores with what it loads: node:http costs several times as much.
 */
class Connection {
  private isOpen = true;
  private usedAt = 0;
  private readonly socket: Socket;
  private answered: Answered | undefined;
  private received: Buffer = NOTHING;

  constructor(
    port: number,
    host: string,
    private readonly expects: string,
  ) {
    this.socket = connect({ port, host, noDelay: true });
    this.socket.on('data', (chunk) => this.read(chunk));
    // 'close' follows.
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isOpen = false;
      this.settle(BROKEN);
    });
  }

  get isReusable(): boolean {
    return this.isOpen && performance.now() - this.usedAt < REUSED_WITHIN_MS;
  }

  ask(request: Buffer, answered: Answered): void {
    this.answered = answered;
    this.socket.write(request);
  }

  async close(): Promise<void> {
    if (this.socket.closed) return;
    this.socket.destroy();
    await once(this.socket, 'close');
  }

  private read(chunk: Buffer): void {
    this.received = this.received.byteLength === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const headEnd = this.received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.received.toString('latin1', 0, headEnd);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
    const bodyStart = headEnd + 4;
    if (this.received.byteLength < bodyStart + length) return;
    const status = Number(head.slice(9, 12));
    const isRight = status !== 200 || this.received.includes(this.expects, bodyStart);
    this.received = NOTHING;
    if (/\r\nconnection: close/i.test(head)) this.isOpen = false;
    this.settle(status, isRight ? undefined : 'an answer was not the right one');
  }

  private settle(status: number, failure?: string): void {
    const { answered } = this;
    this.usedAt = performance.now();
    this.answered = undefined;
    answered?.(status, failure);
  }
}

const NOTHING = Buffer.alloc(0);
