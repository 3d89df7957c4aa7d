/** Operator sets of the ONNX standard that are for inference; the empty name and `ai.onnx` are the same set. */
const STANDARD_DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx', 'ai.onnx.ml']);

/** Domains of the runtime's own operators: a function defined there could pass one of those off as its own. */
const RUNTIME_DOMAIN = /^(?:com\.ms|com\.microsoft|org\.pytorch)(?:\.|$)/;

export function isStandardDomain(domain: string): boolean {
  return STANDARD_DOMAINS.has(domain);
}

/** Whether a model may define operators of its own, as local functions, under this name. */
export function mayDefineFunctions(domain: string): boolean {
  return !isStandardDomain(domain) && !domain.startsWith('ai.onnx') && !RUNTIME_DOMAIN.test(domain);
}

/** A name for an operator that tells domains apart: `Add`, `ai.onnx.ml::Scaler`. */
export function operatorKey(domain: string, operator: string): string {
  return domain === '' || domain === 'ai.onnx' ? operator : `${domain}::${operator}`;
}

const MAX_SHOWN = 120;

/** Names come from the file: they are cut and freed of control characters before they go into a message. */
export function shorten(name: string): string {
  const printable = name.replaceAll(/[\p{C}]/gu, '\u{FFFD}');
  return printable.length > MAX_SHOWN ? `${printable.slice(0, MAX_SHOWN)}…` : printable;
}
