import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** The size of an operation with all of its fragments expanded. */
export interface OperationSize {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
  readonly rootFields: number;
}

export interface OperationLimits {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly rootFields: number;
}

const empty: OperationSize = { depth: 0, fields: 0, aliases: 0, directives: 0, rootFields: 0 };

/** More directives than this on one operation serve no purpose but to cost time. */
const MAX_DIRECTIVES = 50;

/**
 * Says in words which limit an operation of the document exceeds, or undefined when all are within. Works in time
 * linear in the document, also where fragments expand exponentially: each fragment is measured once.
 */
export function exceededLimit(document: DocumentNode, limits: OperationLimits): string | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const measure = measurer(fragments);
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const problem = problemOf(measure(node), limits);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function problemOf(size: OperationSize, limits: OperationLimits): string | undefined {
  if (size.depth > limits.depth) return `nests ${size.depth} levels deep; at most ${limits.depth} are allowed`;
  if (size.rootFields > limits.rootFields)
    return `has ${size.rootFields} root fields; at most ${limits.rootFields} are allowed`;
  if (size.aliases > limits.aliases) return `has ${size.aliases} aliases; at most ${limits.aliases} are allowed`;
  if (size.fields > limits.fields) return `has ${size.fields} fields; at most ${limits.fields} are allowed`;
  if (size.directives > MAX_DIRECTIVES)
    return `has ${size.directives} directives; at most ${MAX_DIRECTIVES} are allowed`;
  return undefined;
}

function measurer(fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
  const measured = new Map<string, OperationSize>();

  const ofFragment = (name: string): OperationSize => {
    const known = measured.get(name);
    if (known !== undefined) return known;
    // Entered before it is measured, so that a cycle ends here; validation refuses the cycle itself.
    measured.set(name, empty);
    const fragment = fragments.get(name);
    const size = fragment === undefined ? empty : ofSelections(fragment.selectionSet);
    measured.set(name, size);
    return size;
  };

  const ofSelections = (selectionSet: SelectionSetNode | undefined): OperationSize => {
    if (selectionSet === undefined) return empty;
    let total = empty;
    for (const selection of selectionSet.selections) {
      const directives = selection.directives?.length ?? 0;
      if (selection.kind === Kind.FIELD) {
        const inner = ofSelections(selection.selectionSet);
        const own = {
          depth: inner.depth + 1,
          fields: inner.fields + 1,
          aliases: inner.aliases + (selection.alias === undefined ? 0 : 1),
          directives: inner.directives + directives,
          rootFields: 1,
        };
        total = add(total, own);
      } else {
        const inner =
          selection.kind === Kind.INLINE_FRAGMENT
            ? ofSelections(selection.selectionSet)
            : ofFragment(selection.name.value);
        total = add(total, { ...inner, directives: inner.directives + directives });
      }
    }
    return total;
  };

  return (operation: OperationDefinitionNode): OperationSize => {
    const size = ofSelections(operation.selectionSet);
    return { ...size, directives: size.directives + (operation.directives?.length ?? 0) };
  };
}

function add(left: OperationSize, right: OperationSize): OperationSize {
  return {
    depth: Math.max(left.depth, right.depth),
    fields: left.fields + right.fields,
    aliases: left.aliases + right.aliases,
    directives: left.directives + right.directives,
    rootFields: left.rootFields + right.rootFields,
  };
}
