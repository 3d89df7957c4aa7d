import { datatypeTable } from '../../../common/tensor/datatypes.js';
import { elementArray, type Tensor } from '../../../common/tensor/tensor.js';
import { elementsOf } from '../../../common/tensor/tensor-json.js';

export interface InferAnswerFacts {
  readonly model: string;
  readonly version: number;
  /** Echoed; left out where the request had none. */
  readonly id: string | undefined;
  readonly outputs: readonly Tensor[];
  /** Facts of the run that the protocol has no field for. */
  readonly parameters: Readonly<Record<string, string | number>>;
}

/** A body of the protocol. */
export interface InferAnswer {
  readonly body: string | Buffer;
  /** Length in bytes of the JSON at the beginning where tensors follow it, for `Inference-Header-Content-Length`. */
  readonly jsonLength: number | undefined;
}

/** Writes an answer: JSON, with those outputs as raw bytes behind it that were asked for so. */
export function writeInferAnswer(facts: InferAnswerFacts, isBinary: (output: string) => boolean): InferAnswer {
  const { model, version, id, outputs, parameters } = facts;
  const binary = outputs.filter(({ name }) => isBinary(name));
  const list = outputs.map((output) => outputText(output, binary.includes(output))).join(',');
  const head = JSON.stringify({ model_name: model, model_version: String(version), id, parameters });
  const json = `${head.slice(0, -1)},"outputs":[${list}]}`;
  if (binary.length === 0) return { body: json, jsonLength: undefined };
  const text = Buffer.from(json);
  return { body: Buffer.concat([text, ...binary.map(({ data }) => data)]), jsonLength: text.byteLength };
}

function outputText(tensor: Tensor, isBinary: boolean): string {
  const { name, datatype, shape, data } = tensor;
  if (isBinary) return JSON.stringify({ name, datatype, shape, parameters: { binary_data_size: data.byteLength } });
  const head = JSON.stringify({ name, datatype, shape });
  return `${head.slice(0, -1)},"data":${elementsText(tensor)}}`;
}

/** Integers of 64 bits are numbers in this protocol, with all of their digits; non-finite floats are strings. */
function elementsText(tensor: Tensor): string {
  return datatypeTable[tensor.datatype].kind === 'bigInteger'
    ? `[${elementArray(tensor).join(',')}]`
    : JSON.stringify(elementsOf(tensor));
}
