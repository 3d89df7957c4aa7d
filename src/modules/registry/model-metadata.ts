export const activations = ['SOFTMAX', 'SIGMOID', 'NONE'] as const;

/** What turns the raw scores of the probabilities output into probabilities. */
export type Activation = (typeof activations)[number];

/** What the file does not tell: lets `predict` take records by name and answer labels with probabilities. */
export interface ModelMetadata {
  /** Names of the values in a row of the one input, in order. */
  readonly inputColumns?: readonly string[];
  /** Names of the classes, by index. */
  readonly outputLabels?: readonly string[];
  /** Which outputs hold the label and the probabilities. */
  readonly outputs?: { readonly label?: string; readonly probabilities?: string };
  /** Each value of a record becomes `value × scale + offset`: one number for all columns, or one for each. */
  readonly preprocessing?: {
    readonly scale?: number | readonly number[];
    readonly offset?: number | readonly number[];
    readonly description?: string;
  };
  readonly postprocessing?: { readonly activation?: Activation; readonly description?: string };
}
