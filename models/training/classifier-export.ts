import { GraphWriter } from './graph-writer.js';
import { parametersOf, writeForward, type Network, type ParameterValues } from './network.js';
import { attribute, encodeModel, graph, valueInfo } from './onnx-builder.js';

/** What a classifier can answer, all per row: class index INT64 [batch]; probabilities and logits FP32 [batch, classes]. */
export type ClassifierOutput = 'label' | 'probabilities' | 'logits';

export interface ExportOptions {
  readonly outputs: readonly ClassifierOutput[];
  readonly description: string;
}

/** The file that is served: the forward half of the training graph with its parameters as constants. */
export function exportClassifier(network: Network, parameters: ParameterValues, options: ExportOptions): Buffer {
  const writer = new GraphWriter();
  for (const { name, shape } of parametersOf(network)) {
    writer.constant('FP32', shape, parameters.get(name) ?? [], name);
  }
  const logits = writer.emit('Identity', [writeForward(writer, network).at(-1) ?? ''], {}, 'logits');
  const axis = attribute.int(1);
  if (options.outputs.includes('probabilities')) writer.emit('Softmax', [logits], { axis }, 'probabilities');
  if (options.outputs.includes('label')) {
    writer.emit('ArgMax', [logits], { axis, keepdims: attribute.int(0) }, 'label');
  }
  return encodeModel(
    graph({
      name: 'classifier',
      nodes: writer.nodes,
      initializers: writer.initializers,
      inputs: [valueInfo(network.input, 'FP32', ['batch', ...network.inputShape])],
      outputs: options.outputs.map((output) =>
        output === 'label'
          ? valueInfo(output, 'INT64', ['batch'])
          : valueInfo(output, 'FP32', ['batch', network.classes]),
      ),
    }),
    { description: options.description },
  );
}
