import { Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ModelResidency } from '../../../registry/dto/registry.enums.js';
import type { Residency } from '../../../registry/serving/serving-policy.js';
import type { ModelState as State, VersionState } from '../model-state.rules.js';

export const ModelState = {
  READY: 'READY',
  LOADING: 'LOADING',
  UNAVAILABLE: 'UNAVAILABLE',
} as const satisfies { readonly [Name in State]: Name };

registerEnumType(ModelState, {
  name: 'ModelState',
  description: 'Whether requests for a version are answered.',
  valuesMap: {
    READY: { description: 'Requests are answered; one that is loaded on demand may be loaded first.' },
    LOADING: { description: 'It is to be kept loaded, and is being loaded.' },
    UNAVAILABLE: { description: 'Requests are refused or fail; the reason is told.' },
  },
});

@ObjectType('ModelInstance', { description: 'A version on one executor.' })
export class ModelInstanceType {
  @Field(() => ID, { description: 'Id of the executor.' })
  executor!: string;

  @Field(() => ModelState, { description: 'READY where it is loaded.' })
  state!: State;

  @Field(() => String, { description: 'Why it is not loaded; empty where there is nothing to say.' })
  reason!: string;
}

@ObjectType({ description: 'How a version stands.' })
export class ModelRepositoryEntry {
  @Field(() => String, { description: 'Name of the registered model.' })
  readonly model: string;

  @Field(() => Int, { description: 'Number of the version.' })
  readonly version: number;

  @Field(() => ModelResidency, { description: 'Whether executors are to have it loaded.' })
  readonly residency: Residency;

  @Field(() => ModelState, { description: 'Whether requests are answered.' })
  readonly state: State;

  @Field(() => String, { description: 'Why it is not ready; empty where it is.' })
  readonly reason: string;

  @Field(() => [ModelInstanceType], { description: 'Executors that hold it, load it, or were to and cannot.' })
  readonly instances: readonly ModelInstanceType[];

  constructor({ target, residency, state, reason, instances }: VersionState) {
    this.model = target.model;
    this.version = target.version;
    this.residency = residency;
    this.state = state;
    this.reason = reason;
    this.instances = instances;
  }
}
