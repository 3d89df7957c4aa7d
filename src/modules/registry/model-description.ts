import { z } from 'zod';
import { activations, type ModelMetadata } from './model-metadata.js';
import { modelStages } from './model-stage.js';
import { ALIAS_NAME, MODEL_NAME } from './names.rules.js';

const factor = z.union([z.number(), z.array(z.number())]);

const metadata = z
  .strictObject({
    inputColumns: z.array(z.string()),
    outputLabels: z.array(z.string()),
    outputs: z.strictObject({ label: z.string(), probabilities: z.string() }).partial(),
    preprocessing: z.strictObject({ scale: factor, offset: factor, description: z.string() }).partial(),
    postprocessing: z.strictObject({ activation: z.enum(activations), description: z.string() }).partial(),
  })
  .partial();

/** `model.json` of a folder in `models/`: a model and its versions, as they are registered at the first start. */
export const modelDescription = z.object({
  name: z.string().regex(MODEL_NAME),
  description: z.string().default(''),
  /** A tag without a value is `true`. */
  tags: z.array(z.string()).default([]),
  versions: z.array(
    z.object({
      /** For people who read the file; the registry counts for itself. */
      version: z.number().int(),
      /** Path of the ONNX file, from this folder. */
      artifact: z.string(),
      description: z.string().default(''),
      stage: z.enum(modelStages).default('NONE'),
      aliases: z.array(z.string().regex(ALIAS_NAME)).default([]),
      metadata: metadata.transform((value): ModelMetadata => value as ModelMetadata).default({}),
    }),
  ),
  /** A request that the model answers well. */
  example: z.looseObject({}).optional(),
});

export type ModelDescription = z.output<typeof modelDescription>;
