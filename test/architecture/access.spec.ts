import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_RULE, type AccessRule } from '../../src/common/access/access.decorators.js';
import { startTestApi, type TestApi } from '../support/api.js';
import { fieldOf, methodsOf } from '../support/handlers.js';

/** What Nest and Fastify serve that no controller or resolver of ours declares. */
const frameworkRoutes = ['POST /graphql', 'GET /graphql', 'OPTIONS /graphql', 'HEAD /graphql'];

/** Everything that answers without credentials. Adding to this list is a decision. */
const publicRules = [
  'Mutation.refreshSession',
  'Mutation.signIn',
  'GET graphql/explorer/:file',
  // Probes of the Open Inference Protocol, whose clients send them without credentials.
  'GET v2',
  'GET v2/health/live',
  'GET v2/health/ready',
  // As Feast's own server has it.
  'GET feast/health',
];

interface Handler {
  readonly name: string;
  readonly rule: AccessRule | undefined;
}

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const ruleOf = (method: object, owner: object): AccessRule | undefined =>
  Reflect.getMetadata(ACCESS_RULE, method) ?? Reflect.getMetadata(ACCESS_RULE, owner);

function graphqlHandlers(): Handler[] {
  return methodsOf(api, 'providers').flatMap((handler) => {
    const name = fieldOf(handler);
    return name === undefined ? [] : [{ name, rule: ruleOf(handler.method, handler.owner) }];
  });
}

function restHandlers(): Handler[] {
  return methodsOf(api, 'controllers').flatMap(({ owner, method }) => {
    const path: string | readonly string[] | undefined = Reflect.getMetadata(PATH_METADATA, method);
    if (path === undefined) return [];
    const verb = RequestMethod[Reflect.getMetadata(METHOD_METADATA, method) as number];
    const prefix: string = Reflect.getMetadata(PATH_METADATA, owner);
    return [path].flat().map((one) => ({
      name: `${verb ?? ''} ${[prefix, one].filter((part) => part !== '/').join('/')}`,
      rule: ruleOf(method, owner),
    }));
  });
}

describe('deny by default', () => {
  it('every GraphQL field with a resolver states who may call it', () => {
    const handlers = graphqlHandlers();
    expect(handlers.length).toBeGreaterThan(20);
    expect(handlers.filter(({ rule }) => rule === undefined)).toEqual([]);
  });

  it('every root field of the schema has a handler that was walked', () => {
    const { schema } = api.app.get(GraphQLSchemaHost, { strict: false });
    const walked = new Set(graphqlHandlers().map(({ name }) => name));
    const roots = ['Query', 'Mutation', 'Subscription'].flatMap((name) => {
      const type = schema.getType(name);
      return isObjectType(type) ? Object.keys(type.getFields()).map((field) => `${name}.${field}`) : [];
    });
    expect(roots.filter((field) => !walked.has(field))).toEqual([]);
  });

  it('every REST route states who may call it', () => {
    expect(restHandlers().filter(({ rule }) => rule === undefined)).toEqual([]);
  });

  it('has no route beside the controllers but those of the framework', () => {
    const declared = new Set(restHandlers().map(({ name }) => name.replace(' ', ' /')));
    const served = api.routes.filter((route) => !route.startsWith('HEAD ') || frameworkRoutes.includes(route));
    expect(served.filter((route) => !declared.has(route) && !frameworkRoutes.includes(route))).toEqual([]);
    expect(served.length).toBeGreaterThan(3);
  });

  it('answers without credentials only what is meant to be public', () => {
    const open = [...graphqlHandlers(), ...restHandlers()].filter(({ rule }) => rule?.kind === 'PUBLIC');
    expect(open.map(({ name }) => name).sort()).toEqual([...publicRules].sort());
  });
});
