import { registerEnumType } from '@nestjs/graphql';
import { type ModelOrderField as OrderField, modelOrderFields } from '../model-list.js';
import { type Activation as ActivationName, activations } from '../model-metadata.js';
import { type ModelStage as Stage, modelStages } from '../model-stage.js';
import { type MissingFeaturePolicy as MissingFeatures, missingFeaturePolicies } from '../serving/feature-binding.js';
import {
  type DeviceKind as Device,
  deviceKinds,
  type Residency,
  residencies,
  type WarmUpKind as WarmUp,
  warmUpKinds,
} from '../serving/serving-policy.js';

/** The values of a list as the enum object that GraphQL takes. */
const enumOf = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, name])) as { readonly [Key in Name]: Key };

export const ModelStage: { readonly [Name in Stage]: Name } = enumOf(modelStages);
export const Activation: { readonly [Name in ActivationName]: Name } = enumOf(activations);
export const RegisteredModelOrderField: { readonly [Name in OrderField]: Name } = enumOf(modelOrderFields);
export const OrderDirection = enumOf(['ASC', 'DESC']);

export const ModelResidency: { readonly [Name in Residency]: Name } = enumOf(residencies);
export const DeviceKind: { readonly [Name in Device]: Name } = enumOf(deviceKinds);
export const WarmUpKind: { readonly [Name in WarmUp]: Name } = enumOf(warmUpKinds);

export const MissingFeaturePolicy: { readonly [Name in MissingFeatures]: Name } = enumOf(missingFeaturePolicies);

registerEnumType(MissingFeaturePolicy, {
  name: 'MissingFeaturePolicy',
  description: 'What becomes of a prediction by entity where a feature is missing: null, not known or too old.',
  valuesMap: {
    ERROR: { description: 'It fails with `FEATURES_MISSING`.' },
    DEFAULT: { description: "The feature's default is taken; where it has none, the prediction fails." },
  },
});

registerEnumType(ModelResidency, {
  name: 'ModelResidency',
  description: 'Whether executors are to have a version loaded.',
  valuesMap: {
    ON_DEMAND: { description: 'Loaded when it is asked for; the least recently used one leaves when memory is short.' },
    LOADED: { description: 'Kept loaded, also by executors that start.' },
    UNLOADED: { description: 'Not loaded; requests are refused with `MODEL_UNLOADED`.' },
  },
});

registerEnumType(DeviceKind, {
  name: 'DeviceKind',
  description: 'What an executor computes with.',
  valuesMap: {
    CPU: { description: 'The processor.' },
    CUDA: { description: 'An NVIDIA GPU.' },
  },
});

registerEnumType(WarmUpKind, {
  name: 'WarmUpKind',
  description: 'What a version is warmed up with.',
  valuesMap: {
    ZEROS: { description: 'Zeros, false and empty texts.' },
    RANDOM: { description: 'Numbers by chance, the same every time: floats from −1 to 1, integers 0 or 1.' },
    DATA: { description: 'Tensors or records that were given.' },
  },
});

registerEnumType(ModelStage, {
  name: 'ModelStage',
  description: 'Where a version stands in its life. Every stage may follow every other.',
  valuesMap: {
    NONE: { description: 'Registered, and nothing decided yet.' },
    STAGING: { description: 'Being tried before production.' },
    PRODUCTION: { description: 'What is served when a caller names neither version nor alias.' },
    ARCHIVED: { description: 'Retired: served only to those who name its number or an alias of it.' },
  },
});

registerEnumType(Activation, {
  name: 'Activation',
  description: 'What turns raw scores into probabilities.',
  valuesMap: {
    SOFTMAX: { description: 'Exponentials divided by their sum: one of several classes.' },
    SIGMOID: { description: 'Logistic function of each score on its own.' },
    NONE: { description: 'The scores are probabilities already.' },
  },
});

registerEnumType(RegisteredModelOrderField, {
  name: 'RegisteredModelOrderField',
  description: 'What a list of registered models is ordered by.',
  valuesMap: {
    NAME: { description: 'Name, by bytes: capitals come before small letters.' },
    CREATED_AT: { description: 'When the model was registered.' },
    UPDATED_AT: { description: 'When the model or anything that belongs to it changed last.' },
  },
});

registerEnumType(OrderDirection, {
  name: 'OrderDirection',
  description: 'Which end of an order comes first.',
  valuesMap: {
    ASC: { description: 'Smallest or oldest first.' },
    DESC: { description: 'Largest or newest first.' },
  },
});
