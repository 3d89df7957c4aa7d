import { CodedError } from '../../../common/errors/coded-error.js';
import type { OnnxLimits, OnnxSummary, OnnxValue, OperatorSetImport } from './onnx-summary.js';
import { isStandardDomain, mayDefineFunctions, operatorKey, shorten } from './operator-domains.rules.js';

/** Most text that is kept of a file: names, metadata and operators. Large models have some hundred kilobytes. */
const MAX_KEPT_TEXT = 32 * 1024 * 1024;

/** What is gathered while a model file is walked, and the rules that hold across its parts. */
export class OnnxInspection {
  irVersion = 0;
  producerName = '';
  producerVersion = '';
  readonly inputs: OnnxValue[] = [];
  readonly outputs: OnnxValue[] = [];
  /** Initializers of the main graph, which are defaults where an input has the same name. */
  readonly mainInitializers = new Set<string>();
  hasGraph = false;

  private readonly operatorSets: OperatorSetImport[] = [];
  private readonly operators = new Map<string, number>();
  private readonly foreignOperators = new Map<string, { domain: string; operator: string }>();
  private readonly functions = new Set<string>();
  private readonly functionDomains = new Set<string>();
  private readonly metadata = new Map<string, string>();
  private readonly importedDomains = new Set<string>();
  private importCount = 0;
  private nodeCount = 0;
  private initializerCount = 0;
  private parameterCount = 0;
  private keptText = 0;
  private depth = 0;

  constructor(readonly limits: OnnxLimits) {}

  /** Counts text that outlives its message, so that no file can fill the memory with names. */
  keep(text: string): string {
    this.keptText += text.length;
    if (this.keptText > MAX_KEPT_TEXT) {
      throw limitExceeded(`holds more than ${MAX_KEPT_TEXT} characters of names and metadata`, {
        maxText: MAX_KEPT_TEXT,
      });
    }
    return text;
  }

  enterGraph(): void {
    this.depth += 1;
    const { maxDepth } = this.limits;
    if (this.depth > maxDepth) throw limitExceeded(`nests graphs over ${maxDepth} deep`, { maxDepth });
  }

  leaveGraph(): void {
    this.depth -= 1;
  }

  addNode(): void {
    this.nodeCount += 1;
    const { maxNodes } = this.limits;
    if (this.nodeCount > maxNodes) throw limitExceeded(`has more than ${maxNodes} nodes`, { maxNodes });
  }

  addOperator(domain: string, operator: string): void {
    const key = operatorKey(domain, operator);
    const count = this.operators.get(key);
    this.operators.set(count === undefined ? this.keep(key) : key, (count ?? 0) + 1);
    if (!isStandardDomain(domain)) this.foreignOperators.set(key, { domain, operator });
  }

  addInitializer(elements: number): void {
    this.initializerCount += 1;
    const { maxNodes } = this.limits;
    if (this.initializerCount > maxNodes) {
      throw limitExceeded(`has more initializers than the ${maxNodes} nodes allowed`, { maxNodes });
    }
    this.parameterCount += elements;
  }

  /** An import of the model as a whole. */
  addOperatorSet(operatorSet: OperatorSetImport): void {
    this.operatorSets.push(operatorSet);
    this.addImportedDomain(operatorSet);
  }

  /** An import of the model or of one of its functions. */
  addImportedDomain({ domain }: OperatorSetImport): void {
    this.importCount += 1;
    if (!this.importedDomains.has(domain)) this.importedDomains.add(this.keep(domain));
    this.boundDeclarations();
  }

  addFunction(domain: string, name: string): void {
    if (!mayDefineFunctions(domain)) throw unknownDomain(domain, `defines the function ${shorten(name)} in`);
    this.functions.add(this.keep(operatorKey(domain, name)));
    this.functionDomains.add(domain);
    this.boundDeclarations();
  }

  addMetadata(key: string, value: string): void {
    this.metadata.set(this.keep(key), this.keep(value));
  }

  /**
   * The summary, once the whole file is walked.
   * @throws CodedError MODEL_NOT_ONNX where a part is missing; MODEL_UNKNOWN_DOMAIN for an operator set that is neither
   * standard nor defined in the file.
   */
  summarize(bytes: number): OnnxSummary {
    if (!this.hasGraph) throw notOnnx('it has no graph');
    if (this.irVersion < 1) throw notOnnx('it states no IR version');
    if (this.operatorSets.length === 0) throw notOnnx('it imports no operator set');
    if (this.outputs.length === 0) throw notOnnx('its graph has no outputs');
    for (const { domain, operator } of this.foreignOperators.values()) {
      if (!this.functions.has(operatorKey(domain, operator))) {
        throw unknownDomain(domain, `uses the operator ${shorten(operator)} of`);
      }
    }
    for (const domain of this.importedDomains) {
      if (!isStandardDomain(domain) && !this.functionDomains.has(domain)) throw unknownDomain(domain, 'imports');
    }
    return {
      bytes,
      irVersion: this.irVersion,
      operatorSets: this.operatorSets,
      producer: { name: this.producerName, version: this.producerVersion },
      nodeCount: this.nodeCount,
      operators: Object.fromEntries(this.operators),
      parameterCount: this.parameterCount,
      inputs: this.inputs.filter(({ name }) => !this.mainInitializers.has(name)),
      outputs: this.outputs,
      metadata: Object.fromEntries(this.metadata),
    };
  }

  /** Imports and functions are small things of which a file could hold millions: they are held to the limit of nodes. */
  private boundDeclarations(): void {
    const { maxNodes } = this.limits;
    if (this.importCount + this.functions.size > maxNodes) {
      throw limitExceeded(`has more operator sets and functions than the ${maxNodes} nodes allowed`, { maxNodes });
    }
  }
}

export function notOnnx(reason: string, details: Readonly<Record<string, unknown>> = {}): CodedError {
  return new CodedError(
    'MODEL_NOT_ONNX',
    `The file is not a usable ONNX model: ${reason}. Export the model to ONNX again and upload the .onnx file unchanged.`,
    { details },
  );
}

export function limitExceeded(reason: string, details: Readonly<Record<string, unknown>>): CodedError {
  return new CodedError(
    'MODEL_LIMIT_EXCEEDED',
    `The model ${reason}. Simplify the model, or ask the operator to raise the limit where it is a setting.`,
    { details },
  );
}

export function externalData(tensor: string): CodedError {
  return new CodedError(
    'MODEL_EXTERNAL_DATA',
    `Tensor "${shorten(tensor)}" keeps its data in another file. Save the model with all tensors inside (onnx.save with save_as_external_data=False) and upload that.`,
    { details: { tensor: shorten(tensor) } },
  );
}

function unknownDomain(domain: string, use: string): CodedError {
  return new CodedError(
    'MODEL_UNKNOWN_DOMAIN',
    `The model ${use} the operator set "${shorten(domain)}", which is not supported. Export it with the standard ONNX operators ("", "ai.onnx", "ai.onnx.ml") alone.`,
    { details: { domain: shorten(domain) } },
  );
}
