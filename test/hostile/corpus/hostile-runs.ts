import { send } from '../../support/graphql.js';
import { loopOnDemandModel, memoryBombModel } from '../../support/onnx/hostile-models.js';
import { divisionModel, growingLoopModel } from '../../support/onnx/malformed-graphs.js';
import type { Attack } from './attack.js';

/** Models that are harmless until somebody asks for the wrong thing, by name. */
export const hostileModels: Readonly<Record<string, () => Buffer>> = {
  bomb: memoryBombModel,
  gather: growingLoopModel,
  loop: loopOnDemandModel,
  division: divisionModel,
};

const PREDICT = 'query ($input: PredictInput!) { predict(input: $input) { version } }';

function run(what: string, [code, orElse]: readonly [string, string], model: string, input: object): Attack {
  const variables = { input: { model, inputs: [{ name: 'input', ...input }] } };
  return {
    what,
    code,
    orElse,
    send: async ({ url, key }) => {
      const { errors } = await send(url, PREDICT, variables, key);
      return { code: errors[0]?.extensions.code ?? 'OK', text: errors.map(({ message }) => message).join('\n') };
    },
  };
}

const size = (count: bigint) => ({ datatype: 'INT64', shape: [1], data: [String(count)] });
/** Refused memory, or ended for what it had taken. */
const TOO_LARGE = ['MODEL_RUN_FAILED', 'EXECUTOR_LOST'] as const;
const FELLED = ['EXECUTOR_LOST', 'MODEL_QUARANTINED'] as const;

/** Runs of hostile models. */
export const hostileRuns: readonly Attack[] = [
  run('a run that takes all memory', TOO_LARGE, 'bomb', size(2n ** 34n)),
  run('a run that gathers memory in a loop', TOO_LARGE, 'gather', size(2n ** 30n)),
  run('a run that never ends', FELLED, 'loop', size(2n ** 62n)),
  run('a run that faults', FELLED, 'division', { datatype: 'INT32', shape: [1, 2], data: [-(2 ** 31), -1] }),
];
