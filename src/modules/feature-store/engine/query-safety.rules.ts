/** A part of a statement's syntax tree, as `json_serialize_sql` of DuckDB writes it. */
export type SyntaxNode = Readonly<Record<string, unknown>>;

/** Table functions that read nothing but their arguments. */
const tableFunctions = new Set(['range', 'generate_series', 'unnest']);

/** Functions that tell of the machine or the engine, or reach outside of the rows. */
const refusedFunctions =
  /^(current_setting|getenv|getvariable|read_.*|query|query_table|parquet_.*|sniff_csv|glob|nextval|currval|pg_.*|duckdb_.*|pragma_.*|version|current_(user|database|schemas?|catalog|query)|txid_current|in_search_path|sql_auto_complete|json_(de)?serialize_(sql|plan)|json_execute_serialized_sql|write_log|sleep.*|which_secret|getcwd)$/;

/**
 * What is wrong with a user's query: it may read the named relations and its own arguments, and nothing else.
 * @returns one sentence, or null where it is fine.
 */
export function unsafePart(tree: unknown, relations: ReadonlySet<string>): string | null {
  const names = new Set(relations);
  for (const name of [...nodesOf(tree)].flatMap(commonTableNames)) {
    if (!/^\w+$/.test(name)) return `${JSON.stringify(name)} cannot be the name of a WITH clause`;
    names.add(name.toLowerCase());
  }
  for (const node of nodesOf(tree)) {
    const wrong = unsafeNode(node, names);
    if (wrong !== null) return wrong;
  }
  return null;
}

function unsafeNode(node: SyntaxNode, relations: ReadonlySet<string>): string | null {
  if (node['type'] === 'TABLE_FUNCTION') {
    const name = nameOf(node['function']);
    return tableFunctions.has(name) ? null : `the table function ${name} cannot be used`;
  }
  if (node['type'] === 'BASE_TABLE') {
    const name = String(node['table_name']);
    const elsewhere = [node['schema_name'], node['catalog_name']].some((part) => part !== '' && part !== undefined);
    return !elsewhere && relations.has(name.toLowerCase()) ? null : `there is no relation named ${name}`;
  }
  if (node['type'] === 'SHOW_REF') return 'it must select rows, not describe relations';
  const called = nameOf(node);
  return refusedFunctions.test(called) ? `the function ${called} cannot be used` : null;
}

/** Whether the tree is that of `SELECT` with a single expression, and with no other clause. */
export function isScalar(tree: SyntaxNode): boolean {
  const [statement] = Array.isArray(tree['statements']) ? (tree['statements'] as unknown[]) : [];
  const node = isNode(statement) && isNode(statement['node']) ? statement['node'] : {};
  const source = node['from_table'];
  return (
    node['type'] === 'SELECT_NODE' &&
    isNode(source) &&
    source['type'] === 'EMPTY' &&
    lengthOf(node['select_list']) === 1 &&
    ['modifiers', 'group_expressions'].every((clause) => lengthOf(node[clause]) === 0) &&
    ['where_clause', 'having', 'qualify', 'sample'].every((clause) => node[clause] === null)
  );
}

const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0);

const nameOf = (node: unknown): string =>
  isNode(node) && typeof node['function_name'] === 'string' ? node['function_name'].toLowerCase() : '';

function commonTableNames(node: SyntaxNode): string[] {
  const entries = isNode(node['cte_map']) ? node['cte_map']['map'] : undefined;
  return Array.isArray(entries) ? entries.filter(isNode).map(({ key }) => String(key)) : [];
}

const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every object of the tree, the tree itself first. */
function* nodesOf(tree: unknown): Generator<SyntaxNode> {
  const waiting = [tree];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) waiting.push(...(value as unknown[]).filter((part) => part !== null));
    else if (isNode(value)) {
      yield value;
      waiting.push(...Object.values(value).filter((part) => typeof part === 'object' && part !== null));
    }
  }
}
