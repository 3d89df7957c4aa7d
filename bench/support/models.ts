import { heavyModel, mlpModel, pictureModel, simpleModel } from '../../test/support/onnx/models.js';

/** The models that are measured. */
export const benchModels = { simple: simpleModel, mlp: mlpModel, heavy: heavyModel, picture: pictureModel } as const;

export type BenchModel = keyof typeof benchModels;
