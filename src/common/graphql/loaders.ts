import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { GqlExecutionContext } from '@nestjs/graphql';
import DataLoader from 'dataloader';

/** The GraphQL context of one operation, which its loaders belong to. */
export type LoaderScope = object;

/** Parameter: the scope to hand to `loaderFrom`. Loaders live as long as the operation, so nothing is request-scoped. */
export const Loaders = createParamDecorator((_: unknown, context: ExecutionContext): LoaderScope =>
  GqlExecutionContext.create(context).getContext<LoaderScope>(),
);

/** Reads the values of many keys at once; what is not in the answer has none. */
export type ReadMany<Value> = (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>;

/** One kind of loader; it remembers the loaders of each operation. */
export class LoaderKind<Value> {
  private readonly scopes = new WeakMap<LoaderScope, Map<string, DataLoader<string, Value | undefined>>>();

  /** @param variant tells loaders apart that read the same keys by other arguments. */
  loaderOf(scope: LoaderScope, variant: string, readMany: ReadMany<Value>): DataLoader<string, Value | undefined> {
    const loaders = this.scopes.get(scope) ?? new Map<string, DataLoader<string, Value | undefined>>();
    this.scopes.set(scope, loaders);
    const loader =
      loaders.get(variant) ??
      new DataLoader<string, Value | undefined>(async (keys) => {
        const values = await readMany(keys);
        return keys.map((key) => values.get(key));
      });
    loaders.set(variant, loader);
    return loader;
  }
}

/** The value of one key, read together with those that the same operation asks for at the same time. */
export async function loadFrom<Value>(
  scope: LoaderScope,
  kind: LoaderKind<Value>,
  key: string,
  readMany: ReadMany<Value>,
  variant = '',
): Promise<Value | undefined> {
  return kind.loaderOf(scope, variant, readMany).load(key);
}
