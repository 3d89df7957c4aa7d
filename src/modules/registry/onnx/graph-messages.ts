import type { Field, Message } from './message-walker.js';
import { notOnnx, type OnnxInspection } from './onnx-inspection.state.js';
import { sparseTensorMessage, tensorMessage, type TensorFacts } from './tensor-messages.js';
import { valueInfoMessage } from './value-messages.js';

/** `GraphProto`, also of a subgraph: every node and tensor in it is looked at. */
export function graphMessage(inspection: OnnxInspection, isMain: boolean): Message {
  inspection.enterGraph();
  const initializer = ({ name, elements }: TensorFacts): void => {
    inspection.addInitializer(elements);
    if (isMain) inspection.mainInitializers.add(inspection.keep(name));
  };
  const declarations: Record<number, Field> = {
    11: { kind: 'message', once: false, enter: () => valueInfoMessage(inspection, inspection.inputs) },
    12: { kind: 'message', once: false, enter: () => valueInfoMessage(inspection, inspection.outputs) },
  };
  return {
    name: 'GraphProto',
    fields: {
      1: { kind: 'message', once: false, enter: () => nodeMessage(inspection) },
      5: { kind: 'message', once: false, enter: () => tensorMessage(initializer) },
      15: { kind: 'message', once: false, enter: () => sparseTensorMessage(inspection, initializer) },
      ...(isMain ? declarations : {}),
    },
    finish: () => inspection.leaveGraph(),
  };
}

const tooLong = (bytes: number): never => {
  throw notOnnx(`the name of an operator or its domain has ${bytes} bytes`);
};

/** `NodeProto`: its operator is counted, its attributes are searched for tensors and subgraphs. */
export function nodeMessage(inspection: OnnxInspection): Message {
  inspection.addNode();
  let operator = '';
  let domain = '';
  return {
    name: 'NodeProto',
    fields: {
      4: { kind: 'text', take: (text) => void (operator = text), tooLong },
      5: { kind: 'message', once: false, enter: () => attributeMessage(inspection) },
      7: { kind: 'text', take: (text) => void (domain = text), tooLong },
    },
    finish: () => {
      if (operator === '') throw notOnnx('a node names no operator');
      inspection.addOperator(domain, operator);
    },
  };
}

/** `AttributeProto`: descends into whatever can hold a tensor or a graph. */
export function attributeMessage(inspection: OnnxInspection): Message {
  return {
    name: 'AttributeProto',
    fields: {
      5: { kind: 'message', once: true, enter: () => tensorMessage() },
      6: { kind: 'message', once: true, enter: () => graphMessage(inspection, false) },
      10: { kind: 'message', once: false, enter: () => tensorMessage() },
      11: { kind: 'message', once: false, enter: () => graphMessage(inspection, false) },
      22: { kind: 'message', once: true, enter: () => sparseTensorMessage(inspection) },
      23: { kind: 'message', once: false, enter: () => sparseTensorMessage(inspection) },
    },
  };
}
