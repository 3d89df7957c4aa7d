import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { type JsonPath, jsonPathText } from '../../../../common/json/json-path.js';
import { deepNesting } from './yaml-nesting.rules.js';

/** A file of YAML as plain values, which still knows where each of them stands. */
export class YamlDocument {
  readonly value: unknown;

  private constructor(
    private readonly root: unknown,
    private readonly lines: LineCounter,
  ) {
    this.value = this.plain(root, []);
  }

  /**
   * Takes only what JSON could say, too: no aliases, anchors and tags, no key twice, one document.
   * @throws {CodedError} INVALID_INPUT with line and column.
   */
  static of(text: string): YamlDocument {
    const deep = deepNesting(text);
    if (deep !== null) {
      const line = text.slice(0, deep).split(/\r\n?|\n/).length;
      throw new CodedError('INVALID_INPUT', `yaml: line ${line}: it nests too deeply.`, { details: { line } });
    }
    const lines = new LineCounter();
    const document = parseDocument(text, {
      lineCounter: lines,
      schema: 'core',
      // Told by ourselves: the library compares each key with each other one.
      uniqueKeys: false,
      stringKeys: true,
      prettyErrors: false,
      logLevel: 'error',
    });
    const [error] = document.errors;
    if (error !== undefined) throw refused(lines, error.pos[0], error.message.replace(/\.$/, ''));
    return new YamlDocument(document.contents, lines);
  }

  /**
   * An error about a part of the file.
   * @param path of the part; where it is not there, that which should have it is told
   * @param key a key of that part, if the error is about it
   */
  error(path: JsonPath, problem: string, { code = 'INVALID_INPUT', key, cause }: PlacedError = {}): CodedError {
    const pair = key === undefined ? undefined : pairOf(this.nodeAt(path), key);
    const node = (pair?.key ?? this.nodeAt(path)) as Node | null | undefined;
    const where = jsonPathText(path);
    return refused(this.lines, node?.range?.[0] ?? 0, where === '' ? problem : `${where}: ${problem}`, code, cause);
  }

  /** The innermost node on the path. */
  private nodeAt(path: JsonPath): unknown {
    let node = this.root;
    for (const part of path) {
      const inner = isMap(node) ? pairOf(node, String(part))?.value : isSeq(node) ? node.items[Number(part)] : null;
      if (inner === null || inner === undefined) break;
      node = inner;
    }
    return node;
  }

  private plain(node: unknown, path: JsonPath): unknown {
    if (node === null || node === undefined) return null;
    if (isAlias(node)) throw this.refusal(node, 'an alias');
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined) throw this.refusal(node, 'an anchor');
      if (node.tag !== undefined) throw this.refusal(node, 'a tag');
    }
    if (isMap(node)) return this.plainMap(node, path);
    if (isSeq(node)) return node.items.map((item, index) => this.plain(item, [...path, index]));
    return isScalar(node) ? node.value : null;
  }

  private plainMap(node: YAMLMap, path: JsonPath): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    for (const pair of node.items) {
      this.plain(pair.key, path);
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      if (entries.has(key)) throw this.refusal(pair.key, `the key ${JSON.stringify(key.slice(0, 100))} a second time`);
      entries.set(key, this.plain(pair.value, [...path, key]));
    }
    return Object.fromEntries(entries);
  }

  private refusal(node: unknown, what: string): CodedError {
    return refused(this.lines, (node as Node).range?.[0] ?? 0, `${what} is refused: write each value once, in full`);
  }
}

interface PlacedError {
  readonly code?: CodedError['code'];
  readonly key?: string | undefined;
  readonly cause?: unknown;
}

const pairOf = (node: unknown, key: string) =>
  isMap(node) ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === key) : undefined;

function refused(
  lines: LineCounter,
  offset: number,
  problem: string,
  code: CodedError['code'] = 'INVALID_INPUT',
  cause?: unknown,
): CodedError {
  const { line, col } = lines.linePos(offset);
  const details = { line, column: col };
  return new CodedError(code, `yaml: line ${line}, column ${col}: ${problem}.`, { details, cause });
}
