import { attributeMessage, graphMessage, nodeMessage } from './graph-messages.js';
import type { Message } from './message-walker.js';
import { notOnnx, type OnnxInspection } from './onnx-inspection.state.js';
import type { OperatorSetImport } from './onnx-summary.js';

/**
 * `ModelProto`, the whole file, with the field numbers of onnx.proto (ONNX 1.20). Parts that hold neither tensors nor
 * operators (documentation, annotations, shapes of inner values) are skipped.
 */
export function modelMessage(inspection: OnnxInspection): Message {
  return {
    name: 'ModelProto',
    fields: {
      1: { kind: 'integer', take: (version) => void (inspection.irVersion = version) },
      2: { kind: 'text', take: (name) => void (inspection.producerName = name) },
      3: { kind: 'text', take: (version) => void (inspection.producerVersion = version) },
      7: {
        kind: 'message',
        once: true,
        enter: () => {
          inspection.hasGraph = true;
          return graphMessage(inspection, true);
        },
      },
      8: {
        kind: 'message',
        once: false,
        enter: () => operatorSetMessage((imported) => inspection.addOperatorSet(imported)),
      },
      14: { kind: 'message', once: false, enter: () => metadataMessage(inspection) },
      20: { kind: 'message', once: false, enter: () => trainingMessage(inspection) },
      25: { kind: 'message', once: false, enter: () => functionMessage(inspection) },
    },
  };
}

const refuseLongDomain = (bytes: number): never => {
  throw notOnnx(`the name of an operator set or function has ${bytes} bytes`);
};

function operatorSetMessage(done: (imported: OperatorSetImport) => void): Message {
  let domain = '';
  let version = 0;
  return {
    name: 'OperatorSetIdProto',
    fields: {
      1: { kind: 'text', take: (text) => void (domain = text), tooLong: refuseLongDomain },
      2: { kind: 'integer', take: (value) => void (version = value) },
    },
    finish: () => done({ domain, version }),
  };
}

function metadataMessage(inspection: OnnxInspection): Message {
  let key = '';
  let value: string | undefined;
  return {
    name: 'StringStringEntryProto',
    fields: {
      1: { kind: 'text', take: (text) => void (key = text) },
      2: { kind: 'text', take: (text) => void (value = text) },
    },
    finish: () => {
      if (value !== undefined) inspection.addMetadata(key, value);
    },
  };
}

function trainingMessage(inspection: OnnxInspection): Message {
  return {
    name: 'TrainingInfoProto',
    fields: {
      1: { kind: 'message', once: true, enter: () => graphMessage(inspection, false) },
      2: { kind: 'message', once: true, enter: () => graphMessage(inspection, false) },
    },
  };
}

/** `FunctionProto`: an operator defined in the file; its body is held to the same rules as the graph. */
function functionMessage(inspection: OnnxInspection): Message {
  let name = '';
  let domain = '';
  return {
    name: 'FunctionProto',
    fields: {
      1: { kind: 'text', take: (text) => void (name = text), tooLong: refuseLongDomain },
      7: { kind: 'message', once: false, enter: () => nodeMessage(inspection) },
      9: {
        kind: 'message',
        once: false,
        enter: () => operatorSetMessage((imported) => inspection.addImportedDomain(imported)),
      },
      10: { kind: 'text', take: (text) => void (domain = text), tooLong: refuseLongDomain },
      11: { kind: 'message', once: false, enter: () => attributeMessage(inspection) },
    },
    finish: () => inspection.addFunction(domain, name),
  };
}
