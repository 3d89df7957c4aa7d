import { mlpModel, pictureModel, simpleModel } from '../../test/support/onnx/models.js';

/** The models that a bare server can be put in front of. */
export const benchModels = { simple: simpleModel, mlp: mlpModel, picture: pictureModel } as const;

export type BenchModel = keyof typeof benchModels;
