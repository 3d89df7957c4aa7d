import { Field, Float, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { digestOfHex } from '../../../../common/storage/digest.js';
import type { ExecutorLifecycle, ExecutorState } from '../../protocol/executor-state.js';

/** States of an executor as a GraphQL enum. */
export const ExecutorStateEnum = {
  STARTING: 'STARTING',
  READY: 'READY',
  DRAINING: 'DRAINING',
  BACKOFF: 'BACKOFF',
} as const satisfies { readonly [Name in ExecutorLifecycle]: Name };

registerEnumType(ExecutorStateEnum, {
  name: 'ExecutorState',
  description: 'State of an executor process.',
  valuesMap: {
    STARTING: { description: 'Is being started.' },
    READY: { description: 'Takes requests.' },
    DRAINING: { description: 'Finishes what it has and takes no more.' },
    BACKOFF: { description: 'Has ended; the next process is started in a while.' },
  },
});

@ObjectType({ description: 'A model that an executor keeps loaded.' })
export class LoadedModel {
  @Field(() => String, { description: 'Digest of the model file.' })
  digest!: string;

  @Field(() => Float, { description: 'Size of the model file, in bytes.' })
  sizeBytes!: number;
}

@ObjectType({ description: 'A process that runs models.' })
export class Executor {
  @Field(() => ID, { description: 'Id of the process; its replacement has another.' })
  readonly id: string;

  @Field(() => String, { description: 'Id of the worker that hosts it.' })
  readonly host: string;

  @Field(() => String, { description: 'Where it listens: `unix:/path`, or `tls://host:port` for other machines.' })
  readonly address: string;

  @Field(() => ExecutorStateEnum, { description: 'State of the process.' })
  readonly state: ExecutorLifecycle;

  @Field(() => String, { description: 'Device that was asked for: `cpu`, `cuda:0`, ….' })
  readonly device: string;

  @Field(() => String, { description: 'Device that is used.' })
  readonly effectiveDevice: string;

  @Field(() => String, { nullable: true, description: 'Why another device is used than was asked for.' })
  readonly deviceError: string | null;

  @Field(() => [LoadedModel], { description: 'Models that it keeps loaded.' })
  readonly models: readonly LoadedModel[];

  @Field(() => Int, { description: 'Requests that it has taken and not answered, as of its last heartbeat.' })
  readonly inFlight: number;

  @Field(() => Int, { description: 'Models that it has loaded since it was started.' })
  readonly loads: number;

  @Field(() => Int, { description: 'How often processes in its place have ended unasked.' })
  readonly restarts: number;

  @Field(() => Float, { description: 'Memory that it holds, in bytes.' })
  readonly memoryBytes: number;

  @Field(() => Date, { description: 'When it was started.' })
  readonly startedAt: Date;

  @Field(() => Date, { nullable: true, description: 'When it last said that it lives.' })
  readonly heartbeatAt: Date | null;

  constructor(state: ExecutorState) {
    this.id = state.id;
    this.host = state.hostId;
    this.address = state.address;
    this.state = state.state;
    this.device = state.device;
    this.effectiveDevice = state.effectiveDevice;
    this.deviceError = state.deviceError;
    this.models = state.models.map(({ digest, bytes }) => ({ digest: digestOfHex(digest), sizeBytes: bytes }));
    this.inFlight = state.inFlight;
    this.loads = state.loads;
    this.restarts = state.restarts;
    this.memoryBytes = state.rssBytes;
    this.startedAt = new Date(state.startedAt);
    this.heartbeatAt = state.heartbeatAt === null ? null : new Date(state.heartbeatAt);
  }
}
