import type { NestorClient } from './nestor-client.js';

const CREATE_SOURCE = 'mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { id } }';
const CREATE_ENTITY = 'mutation ($input: CreateFeatureEntityInput!) { createFeatureEntity(input: $input) { name } }';
export const APPLY_VIEW = `mutation ($input: ApplyFeatureViewInput!) { applyFeatureView(input: $input) {
  id name version description kind joinKeys { name type } columns { name type } eventTimeColumn createdTimeColumn
  ttlSeconds features { name type description } transformation isOnline learnedFrom { version } requestFields { name }
  lookups { features view { name version } } } }`;
export const APPLY_SERVICE = `mutation ($input: ApplyFeatureServiceInput!) { applyFeatureService(input: $input) {
  id name version description features { as feature view { name version } } } }`;

export interface AppliedView {
  readonly id: string;
  readonly version: number;
  readonly columns: readonly { name: string }[];
  readonly features: readonly { name: string; type: string }[];
}

export interface AppliedService {
  readonly id: string;
  readonly version: number;
  readonly features: readonly { as: string; feature: string; view: { name: string; version: number } }[];
}

export const payments = {
  eventTimeColumn: 'paid_at',
  columns: [
    { name: 'customer', type: 'STRING' },
    { name: 'shop', type: 'INT64' },
    { name: 'amount', type: 'FLOAT64' },
    { name: 'currency', type: 'STRING' },
    { name: 'paid_at', type: 'TIMESTAMP' },
    { name: 'known_at', type: 'TIMESTAMP' },
    { name: 'raw', type: 'JSON' },
  ],
};

/** Definitions over GraphQL, with what a test does not care about filled in. */
export function definitionsOf(nestor: () => NestorClient) {
  const applyView = async (name: string, more: object = {}): Promise<AppliedView> => {
    const answer = await nestor().ask<{ applyFeatureView: AppliedView }>(APPLY_VIEW, { input: viewInput(name, more) });
    return answer.applyFeatureView;
  };
  const applyService = async (name: string, features: readonly object[], more: object = {}) => {
    const variables = { input: { name, features, ...more } };
    return (await nestor().ask<{ applyFeatureService: AppliedService }>(APPLY_SERVICE, variables)).applyFeatureService;
  };
  return {
    applyView,
    applyService,
    createSource: async (name: string, schema: object = payments) => {
      await nestor().ask(CREATE_SOURCE, { input: { name, kind: 'FILE', schema } });
    },
    createEntity: async (name: string, joinKeys: readonly object[]) => {
      await nestor().ask(CREATE_ENTITY, { input: { name, joinKeys } });
    },
    /** The code and message of what is refused. */
    refusal: async (query: string, variables: Readonly<Record<string, unknown>>): Promise<string> => {
      const { errors } = await nestor().send(query, variables);
      return errors.map(({ extensions, message }) => `${extensions.code} ${message}`).join('\n');
    },
  };
}

/** A view of payments. */
export const viewInput = (name: string, more: object = {}) => ({
  name,
  source: { dataSource: 'payments' },
  entities: ['customer'],
  features: [{ name: 'amount' }],
  ...more,
});
