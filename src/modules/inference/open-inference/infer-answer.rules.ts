import type { PostAnswer } from '../../../common/http/front-door.js';
import { datatypeTable } from '../../../common/tensor/datatypes.js';
import { elementArray, type Tensor } from '../../../common/tensor/tensor.js';
import { elementsOf } from '../../../common/tensor/tensor-json.js';
import { JSON_LENGTH_HEADER } from './body-parts.rules.js';

export interface InferAnswerFacts {
  readonly model: string;
  readonly version: number;
  /** Echoed; left out where the request had none. */
  readonly id: string | undefined;
  readonly outputs: readonly Tensor[];
  /** Facts of the run that the protocol has no field for. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
}

/** Writes an answer: JSON, with those outputs as raw bytes behind it that were asked for so. */
export function writeInferAnswer(facts: InferAnswerFacts, isBinary: (output: string) => boolean): PostAnswer {
  const { model, version, id, outputs, parameters } = facts;
  const binary = outputs.filter(({ name }) => isBinary(name));
  const list = outputs.map((output) => outputText(output, binary.includes(output))).join(',');
  const head = JSON.stringify({ model_name: model, model_version: String(version), id, parameters });
  const json = `${head.slice(0, -1)},"outputs":[${list}]}`;
  if (binary.length === 0) return { status: 200, body: json };
  const text = Buffer.from(json);
  return {
    status: 200,
    type: 'application/octet-stream',
    headers: { [JSON_LENGTH_HEADER]: String(text.byteLength) },
    body: Buffer.concat([text, ...binary.map(({ data }) => data)]),
  };
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
