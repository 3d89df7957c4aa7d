import type { ModelStage } from './model-stage.js';
import type { Tags } from './tags.rules.js';

export const modelOrderFields = ['NAME', 'CREATED_AT', 'UPDATED_AT'] as const;

export type ModelOrderField = (typeof modelOrderFields)[number];

export interface ModelOrder {
  readonly field: ModelOrderField;
  readonly direction: 'ASC' | 'DESC';
}

export interface ModelFilter {
  /** Part of the name, in upper or lower case. */
  readonly nameContains?: string | undefined;
  /** All of these tags. */
  readonly tags?: Tags | undefined;
  /** At least one version in this stage. */
  readonly stage?: ModelStage | undefined;
}

export interface ModelListRequest {
  readonly size: number;
  readonly after?: string | undefined;
  readonly filter: ModelFilter;
  readonly order: ModelOrder;
}
