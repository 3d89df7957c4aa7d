import 'reflect-metadata';
import { ModulesContainer } from '@nestjs/core';
import type { TestApi } from './api.js';

export type AnyClass = abstract new (...args: never[]) => object;
export type AnyMethod = (...args: never[]) => unknown;

/** The methods of all providers or controllers of an app. */
export function methodsOf(api: TestApi, kind: 'providers' | 'controllers'): { owner: AnyClass; method: AnyMethod }[] {
  const modules = [...api.app.get(ModulesContainer, { strict: false }).values()];
  return modules
    .flatMap((module) => [...module[kind].values()])
    .flatMap(({ metatype }) => {
      const isClass = typeof metatype === 'function' && metatype.prototype !== undefined;
      return isClass ? [metatype as AnyClass] : [];
    })
    .flatMap((owner) => methodsOfClass(owner.prototype as object).map((method) => ({ owner, method })));
}

/** `Query.model`, as the schema names the field that a method resolves; undefined where it resolves none. */
export function fieldOf({ owner, method }: { owner: AnyClass; method: AnyMethod }): string | undefined {
  const type: string | undefined = Reflect.getMetadata('graphql:resolver_type', method);
  if (type === undefined && Reflect.getMetadata('graphql:resolve_property', method) === undefined) return undefined;
  const name: unknown = Reflect.getMetadata('graphql:resolver_name', method);
  return `${type ?? owner.name}.${typeof name === 'string' ? name : method.name}`;
}

function methodsOfClass(prototype: object): AnyMethod[] {
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const value: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    return typeof value === 'function' && name !== 'constructor' ? [value as AnyMethod] : [];
  });
}
