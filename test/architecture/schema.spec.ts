import 'reflect-metadata';
import { join } from 'node:path';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import {
  type GraphQLArgument,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isObjectType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/process/package-root.js';
import { startTestApi, type TestApi } from '../support/api.js';
import { fieldOf, methodsOf } from '../support/handlers.js';

let api: TestApi;
let schema: GraphQLSchema;
beforeAll(async () => {
  api = await startTestApi();
  ({ schema } = api.app.get(GraphQLSchemaHost, { strict: false }));
});
afterAll(() => api.close());

/** Every named thing of the schema with its description. */
function described(): [name: string, description: string | null | undefined][] {
  return Object.values(schema.getTypeMap())
    .filter((type) => !type.name.startsWith('__'))
    .flatMap((type) => {
      const inner: [string, string | null | undefined][] = [];
      if (isEnumType(type))
        inner.push(
          ...type
            .getValues()
            .map((value): [string, string | null | undefined] => [`${type.name}.${value.name}`, value.description]),
        );
      if (isObjectType(type) || isInputObjectType(type)) {
        for (const field of Object.values(type.getFields())) {
          inner.push([`${type.name}.${field.name}`, field.description]);
          if ('args' in field)
            inner.push(
              ...field.args.map((argument: GraphQLArgument): [string, string | null | undefined] => [
                `${type.name}.${field.name}(${argument.name})`,
                argument.description,
              ]),
            );
        }
      }
      const isRoot = ['Query', 'Mutation', 'Subscription'].includes(type.name);
      return isRoot ? inner : [[type.name, type.description] as [string, string | null | undefined], ...inner];
    });
}

describe('the GraphQL schema', () => {
  // `npx vitest run test/architecture -u` writes it anew.
  it('is the one that is committed', async () => {
    const printed = `# Generated from the code; test/architecture/schema.spec.ts holds both together.\n\n${printSchema(lexicographicSortSchema(schema))}\n`;
    await expect(printed).toMatchFileSnapshot(join(packageRoot, 'schema.graphql'));
  });

  it('describes every type, field, argument and value', () => {
    expect(
      described()
        .filter(([, description]) => !description?.trim())
        .map(([name]) => name),
    ).toEqual([]);
  });

  // A parameter declared as `Filter | null` has no class at run time, and so nothing of it would be checked.
  it('is checked wherever it takes an input object', () => {
    const inputs = methodsOf(api, 'providers').flatMap((handler) => {
      const [type = '', field = ''] = fieldOf(handler)?.split('.') ?? [];
      const root = schema.getType(type);
      const args = isObjectType(root) ? (root.getFields()[field]?.args ?? []) : [];
      const { owner, method } = handler;
      const classes: readonly unknown[] =
        Reflect.getMetadata('design:paramtypes', owner.prototype as object, method.name) ?? [];
      const parameters: Record<string, { index: number; data?: unknown }> =
        Reflect.getMetadata('__routeArguments__', owner, method.name) ?? {};
      return args
        .filter((arg) => isInputObjectType(getNamedType(arg.type)) && !isListType(getNullableType(arg.type)))
        .flatMap(({ name }) =>
          Object.values(parameters)
            .filter(({ data }) => data === name)
            .map(({ index }) => ({ name: `${type}.${field}(${name})`, checkedAs: classes[index] })),
        );
    });
    expect(inputs.length).toBeGreaterThan(20);
    expect(inputs.filter(({ checkedAs }) => checkedAs === Object)).toEqual([]);
  });
});
