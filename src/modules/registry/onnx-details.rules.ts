import type { OnnxSummary } from './onnx/onnx-summary.js';

/** Longest text and most operators that are kept of what a file says of itself: it is not to be trusted with more. */
const MAX_TEXT = 256;
const MAX_OPERATOR_SETS = 100;

/** What is kept of the structure of a model file. */
export interface OnnxDetails {
  readonly irVersion: number;
  /** Empty domain: the standard operators. */
  readonly operatorSets: readonly { readonly domain: string; readonly version: number }[];
  readonly producerName: string;
  readonly producerVersion: string;
  readonly nodeCount: number;
  readonly parameterCount: number;
}

export function onnxDetails(summary: OnnxSummary): OnnxDetails {
  return {
    irVersion: summary.irVersion,
    operatorSets: summary.operatorSets
      .slice(0, MAX_OPERATOR_SETS)
      .map(({ domain, version }) => ({ domain: kept(domain), version })),
    producerName: kept(summary.producer.name),
    producerVersion: kept(summary.producer.version),
    nodeCount: summary.nodeCount,
    parameterCount: summary.parameterCount,
  };
}

/** PostgreSQL has no place for U+0000 in a text. */
const kept = (text: string): string => text.replaceAll('\0', '\u{FFFD}').slice(0, MAX_TEXT);
