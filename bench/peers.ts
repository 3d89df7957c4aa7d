import { recipes } from './peers/recipes.js';
import { assertSameNumbers } from './support/answers.js';
import { type Load, type LoadResult, httpLoad, loadsInTurns } from './support/http-load.js';
import { benchModels } from './support/models.js';
import { registerModel, type RunningNestor, withNestor } from './support/nestor.js';
import { installPeer, PeerUnavailable, titleOf, withPeer } from './support/peer.js';
import { perSecond, type Row } from './support/report.js';
import { type ComparedModel, openInferenceCall } from './support/requests.js';

const ROUNDS = 3;
const SECONDS = 3;

interface Comparison {
  readonly model: ComparedModel;
  readonly title: string;
  readonly concurrency: number;
  /** How many times the rate of the others is aimed at. */
  readonly aim: number;
}

const comparisons: readonly Comparison[] = [
  { model: 'simple', title: 'add/sub model, 32 callers', concurrency: 32, aim: 10 },
  { model: 'mlp', title: 'MLP 16→512×8→10, 32 callers', concurrency: 32, aim: 3 },
  { model: 'heavy', title: '10 ms model, 8 callers', concurrency: 8, aim: 1 },
];

interface Turn {
  readonly comparison: Comparison;
  readonly peer: string;
  readonly ours: LoadResult;
  readonly theirs: LoadResult;
}

/**
 * The same models behind other servers, one after the other, each in turns with Nestor: one process for the model, one
 * thread of ONNX Runtime, the batching that its documentation recommends.
 */
export async function peers(): Promise<Row[]> {
  return withNestor({ NESTOR_PREDICT_CONCURRENCY: '200' }, async (nestor) => {
    for (const { model, concurrency } of comparisons) {
      await registerModel(nestor, model, benchModels[model]());
      // Once unmeasured: it compiles its hot paths.
      await httpLoad({ ...ourLoad(nestor, model), concurrency, seconds: 5 });
    }
    const turns: Turn[] = [];
    const missing: Row[] = [];
    for (const recipe of recipes) {
      const peer = await titleOf(recipe);
      process.stderr.write(`  ${peer} …\n`);
      try {
        await installPeer(recipe);
        for (const comparison of comparisons) {
          const { model, concurrency } = comparison;
          const [ours, theirs] = await withPeer(recipe, model, async (running) => {
            const load = { ...ourLoad(nestor, model), concurrency, seconds: SECONDS };
            assertSameNumbers(await answerTo(load), running.answer, peer);
            return inTurnsOf(load, { ...running, headers: {}, concurrency, seconds: SECONDS });
          });
          turns.push({ comparison, peer, ours, theirs });
        }
      } catch (error) {
        if (!(error instanceof PeerUnavailable)) throw error;
        missing.push({ what: peer, figure: `not run: ${error.message.replaceAll('|', '/')}` });
      }
    }
    return [
      ...comparisons.flatMap((comparison) => rowsOf(turns.filter((turn) => turn.comparison === comparison))),
      ...missing,
    ];
  });
}

const ourLoad = (nestor: RunningNestor, model: ComparedModel): Omit<Load, 'concurrency' | 'seconds'> => ({
  url: `${nestor.graphqlUrl}/v2/models/${model}/infer`,
  headers: nestor.headers,
  ...openInferenceCall(model),
});

async function answerTo({ url, headers, body }: Load): Promise<string> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return answer.text();
}

async function inTurnsOf(ours: Load, theirs: Load): Promise<[LoadResult, LoadResult]> {
  await httpLoad(theirs);
  const [our, their] = await loadsInTurns([ours, theirs], ROUNDS);
  if (our === undefined || their === undefined) throw new Error('A load gave no result.');
  return [our, their];
}

const figureOf = ({ perSecond: rate, p50Ms, p99Ms }: LoadResult): string =>
  `${perSecond(rate)}, p50 ${p50Ms} ms, p99 ${p99Ms} ms`;

/** The rates against each, and the 99th percentile against the one that comes nearest. */
function rowsOf(turns: readonly Turn[]): Row[] {
  const [nearest] = [...turns].sort((left, right) => p99Ratio(left) - p99Ratio(right));
  if (nearest === undefined) return [];
  return [
    ...turns.map(({ comparison: { title, aim }, peer, ours, theirs }) => ({
      what: `${title}, beside ${peer}`,
      figure: figureOf(ours),
      against: `${peer} ${figureOf(theirs)}`,
      ratio: ours.perSecond / theirs.perSecond,
      aim,
    })),
    {
      what: `${nearest.comparison.title}, p99`,
      figure: `${nearest.ours.p99Ms} ms`,
      against: `the nearest of the others, ${nearest.peer} ${nearest.theirs.p99Ms} ms`,
      ratio: p99Ratio(nearest),
      aim: 1,
    },
  ];
}

const p99Ratio = ({ ours, theirs }: Turn): number => theirs.p99Ms / ours.p99Ms;
