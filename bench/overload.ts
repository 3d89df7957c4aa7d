import { httpLoad } from './support/http-load.js';
import { benchModels } from './support/models.js';
import { registerModel, type RunningNestor, withNestor } from './support/nestor.js';
import { type Arrival, BROKEN, openLoad } from './support/open-loop.js';
import { perSecond, type Row } from './support/report.js';
import { type ComparedModel, openInferenceCall } from './support/requests.js';

/** Callers with which the peak is found, and the places that Nestor admits predictions to: the same work in hand. */
const CALLERS = 32;
const OVERLOAD = 5;
const OVERLOAD_SECONDS = 8;
const REFUSAL_LIMIT_MS = 5;
const OVERLOADED_STATUS = 503;
/** Successive answers within the usual latency that make a recovery. */
const RECOVERED_ANSWERS = 20;

const [BEFORE, DURING, AFTER] = [0, 1, 2];

/**
 * Five times of what can be answered, offered at a constant rate that waits for nobody (open loop). Generator and Nestor
 * share the cores: the 10 ms model is overloaded at a rate that costs the generator next to nothing, so that only the
 * model's executor is short of time; the MLP at one that needs the api's whole core, and a good part of another.
 */
export async function overload(): Promise<Row[]> {
  return withNestor({ NESTOR_PREDICT_CONCURRENCY: String(CALLERS) }, async (nestor) => [
    ...(await overloaded(nestor, 'heavy', '10 ms model')),
    ...(await overloaded(nestor, 'mlp', 'MLP')),
  ]);
}

async function overloaded(nestor: RunningNestor, model: ComparedModel, title: string): Promise<Row[]> {
  await registerModel(nestor, model, benchModels[model]());
  const load = {
    url: `${nestor.graphqlUrl}/v2/models/${model}/infer`,
    headers: nestor.headers,
    ...openInferenceCall(model),
  };
  await httpLoad({ ...load, concurrency: CALLERS, seconds: 3 });
  const peak = await httpLoad({ ...load, concurrency: CALLERS, seconds: 6 });
  const half = peak.perSecond / 2;
  const phases = [
    { perSecond: half, seconds: 3 },
    { perSecond: peak.perSecond * OVERLOAD, seconds: OVERLOAD_SECONDS },
    { perSecond: half, seconds: 4 },
  ];
  const arrivals = await openLoad({ ...load, phases });
  const strange = arrivals.find(({ status }) => ![0, 200, OVERLOADED_STATUS, BROKEN].includes(status));
  if (strange !== undefined) throw new Error(`${load.url} answered ${strange.status}.`);
  const during = arrivals.filter(({ phase }) => phase === DURING);
  if (!during.some(({ status }) => status === OVERLOADED_STATUS)) throw new Error(`${load.url} refused nothing.`);
  const good = latencies(during.filter(({ status }) => status === 200));
  const refused = latencies(during.filter(({ status }) => status === OVERLOADED_STATUS));
  const givenUp = during.filter(({ status }) => status === 0).length;
  const broken = during.filter(({ status }) => status === BROKEN).length;
  const lateness = during.map(({ dueAt, sentAt }) => sentAt - dueAt).sort(ascending);
  const goodput = good.length / OVERLOAD_SECONDS;
  return [
    {
      what: `goodput under ${OVERLOAD}× overload, open loop, ${title}`,
      figure: `${perSecond(goodput)}, p50 ${ms(at(good, 0.5))}, p99 ${ms(at(good, 0.99))}`,
      against: `peak, closed loop, ${CALLERS} callers ${perSecond(peak.perSecond)}, p99 ${peak.p99Ms} ms`,
      ratio: goodput / peak.perSecond,
      aim: 0.9,
    },
    {
      what: `refusals under ${OVERLOAD}× overload, ${title}`,
      figure: `${perSecond(refused.length / OVERLOAD_SECONDS)}, p50 ${ms(at(refused, 0.5))}, p99 ${ms(at(refused, 0.99))} (generator late p50 ${ms(at(lateness, 0.5))}, p99 ${ms(at(lateness, 0.99))}; ${givenUp} never sent, ${broken} connections broken)`,
      against: `limit of p99 ${REFUSAL_LIMIT_MS} ms`,
      ratio: REFUSAL_LIMIT_MS / at(refused, 0.99),
      aim: 1,
    },
    { what: `recovery after ${OVERLOAD}× overload, ${title}`, figure: recovery(arrivals) },
  ];
}

/** How long after the overload anything was refused, and until answers took what they took before it. */
function recovery(arrivals: readonly Arrival[]): string {
  const usual = at(latencies(arrivals.filter(({ phase, status }) => phase === BEFORE && status === 200)), 0.99);
  const after = arrivals.filter(({ phase }) => phase === AFTER);
  const endedAt = after[0]?.dueAt ?? 0;
  const lastRefusal = after.findLast(({ status }) => status === OVERLOADED_STATUS)?.dueAt ?? endedAt;
  const isUsual = (arrival: Arrival): boolean => arrival.status === 200 && latency(arrival) <= usual;
  const recovered = after.findIndex(
    (_, index) =>
      index + RECOVERED_ANSWERS <= after.length && after.slice(index, index + RECOVERED_ANSWERS).every(isUsual),
  );
  const latencyBack = after[recovered];
  return `refused for ${ms(lastRefusal - endedAt)}, latency back within ${ms(usual)} after ${latencyBack === undefined ? 'more than the bench waits' : ms(latencyBack.dueAt - endedAt)}`;
}

const ascending = (left: number, right: number): number => left - right;

const latency = ({ dueAt, endedAt }: Arrival): number => endedAt - dueAt;

const latencies = (arrivals: readonly Arrival[]): number[] => arrivals.map(latency).sort(ascending);

/** The value below which the part `rank` of an ordered list lies. */
const at = (ordered: readonly number[], rank: number): number =>
  ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * rank))] ?? Number.NaN;

const ms = (milliseconds: number): string => `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
