import { Injectable } from '@nestjs/common';
import { type DocumentNode, type ExecutionResult, Kind, type GraphQLSchema, OperationTypeNode } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import type { JsonObject } from '../json/json-object.js';

/** An operation that has passed every check: it was parsed, held to the limits and validated. */
export interface CheckedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  /** The text of the document. */
  readonly source: string;
  /** SHA-256 of the text in hexadecimal, by which automatic persisted queries name it. */
  readonly hash: string;
}

/** What a client asks for, as it came. */
export interface WarmRequest {
  readonly source: string | undefined;
  readonly hash: string | undefined;
  readonly operationName: string | undefined;
}

export type WarmResult = ExecutionResult<Record<string, unknown>>;

/** Runs one operation. @returns undefined where the variables are not what it takes; then nothing has run. */
export type WarmQuery = (variables: JsonObject | undefined, context: object) => Promise<WarmResult | undefined>;

interface Entry {
  uses: number;
  /** Null for what cannot be compiled; undefined before it was tried. */
  query?: WarmQuery | null;
  readonly operationName: string | undefined;
}

/** So often a query has to come before it is worth compiling, which takes as long as running it some hundred times. */
const USES_BEFORE_COMPILATION = 3;
/** Most documents that are remembered; beyond it the oldest is forgotten, and warms up again when it comes again. */
const MAX_DOCUMENTS = 1_000;

/**
 * Queries that come again and again, compiled (by graphql-jit) to functions that run them in a third of the time that
 * graphql-js takes to interpret them. Only queries: a mutation takes long beside its interpretation.
 */
@Injectable()
export class WarmQueries {
  private readonly bySource = new Map<string, Entry>();
  private readonly byHash = new Map<string, Entry>();

  /** The query that was asked for, if it is warm. */
  find({ source, hash, operationName }: WarmRequest): WarmQuery | undefined {
    const entry = source === undefined ? this.byHash.get(hash ?? '') : this.bySource.get(source);
    if (!entry?.query) return undefined;
    return operationName === undefined || operationName === entry.operationName ? entry.query : undefined;
  }

  /** Takes notice of an operation that is about to be interpreted, and compiles it when it has come often enough. */
  notice(operation: CheckedOperation): void {
    const entry = this.bySource.get(operation.source) ?? this.remember(operation);
    entry.uses += 1;
    if (entry.uses >= USES_BEFORE_COMPILATION && entry.query === undefined) entry.query = compile(operation);
  }

  private remember({ document, source, hash }: CheckedOperation): Entry {
    const entry: Entry = { uses: 0, operationName: operationNameOf(document) };
    forgetOldest(this.bySource);
    forgetOldest(this.byHash);
    this.bySource.set(source, entry);
    this.byHash.set(hash, entry);
    return entry;
  }
}

function forgetOldest(entries: Map<string, Entry>): void {
  if (entries.size < MAX_DOCUMENTS) return;
  const [oldest] = entries.keys();
  if (oldest !== undefined) entries.delete(oldest);
}

function operationNameOf(document: DocumentNode): string | undefined {
  return document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)?.name?.value;
}

/** @returns null for what has to be interpreted. */
function compile({ schema, document, source }: CheckedOperation): WarmQuery | null {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (operations.length !== 1 || operations[0]?.operation !== OperationTypeNode.QUERY) return null;
  // Answers of compiled queries are plain objects, on which this name is not a key like any other.
  if (source.includes('__proto__')) return null;
  const compiled = compileQuery(schema, document);
  if (!isCompiledQuery(compiled)) return null;
  return async (variables, context) => {
    const result = (await compiled.query(undefined, context, variables)) as WarmResult;
    return result.data === undefined ? undefined : result;
  };
}
