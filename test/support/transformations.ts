import type { DataEngine } from '../../src/modules/feature-store/engine/data-engine.js';
import type { FittedTransformation } from '../../src/modules/feature-store/transformations/fitted-transformation.js';
import type { Row, RowShape } from '../../src/modules/feature-store/transformations/transformation.js';
import { transformationDeclaration } from '../../src/modules/feature-store/transformations/transformation-declaration.js';
import { TransformationPipeline } from '../../src/modules/feature-store/transformations/transformation-pipeline.js';
import { fillTable } from './data-engine.js';

export const pipelineOf = (steps: readonly unknown[], shape: RowShape): TransformationPipeline =>
  TransformationPipeline.of(transformationDeclaration({ version: 1, steps }), shape);

/** Puts rows into the table `given` and lets steps learn from them. */
export async function fittedTo(
  engine: DataEngine,
  steps: readonly unknown[],
  shape: RowShape,
  rows: readonly Row[],
): Promise<FittedTransformation> {
  const pipeline = pipelineOf(steps, shape);
  await fillTable(
    engine,
    'given',
    shape.columns,
    rows.map((row) => shape.columns.map(({ name }) => row[name] ?? null)),
  );
  return pipeline.fitted(JSON.parse(JSON.stringify(await pipeline.fit(engine, 'given'))));
}
