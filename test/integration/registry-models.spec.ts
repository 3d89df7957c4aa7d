import { randomUUID } from 'node:crypto';
import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner.js';
import { describe, expect, it, vi } from 'vitest';
import {
  CREATE_MODEL,
  CREATE_VERSION,
  LIST,
  MODEL,
  SET_ALIAS,
  TRANSITION,
  VERSION,
  codeOf,
  expectDone,
  registryFixture,
} from '../support/registry-fixture.js';
import type { TestActor } from '../support/registry.js';

const fixture = registryFixture();
const { run, mutate, createModel, createVersion, modelWith, audited } = fixture;

describe('registered models', () => {
  it('are created with what was given', async () => {
    const tags = [
      { key: 'team', value: 'vision' },
      { key: 'a', value: '' },
    ];
    const { createRegisteredModel: model } = await createModel('plants', { description: 'Which plant it is.', tags });
    expect(model).toMatchObject({ name: 'plants', description: 'Which plant it is.', createdBy: 'tester' });
    expect(model).toMatchObject({ tags: [tags[1], tags[0]] });
    expect(await audited()).toEqual(['model.create registered-model plants']);
  });

  it('have a name of their own in each workspace, also under a race', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => mutate(CREATE_MODEL, { name: 'one' })));
    expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(1);
    expect(new Set(answers.map(codeOf))).toEqual(new Set([undefined, 'ALREADY_EXISTS']));
    await expectDone(mutate(CREATE_MODEL, { name: 'one' }, { ...fixture.engineer, workspaceId: randomUUID() }));
  });

  it.each([
    ['a bad name', { name: '../secret' }],
    [
      'a tag twice',
      {
        name: 'x',
        tags: [
          { key: 'a', value: '1' },
          { key: 'a', value: '2' },
        ],
      },
    ],
    ['a tag with U+0000', { name: 'x', tags: [{ key: 'a\0', value: '1' }] }],
    ['a description with U+0000', { name: 'x', description: '\0' }],
    ['an endless description', { name: 'x', description: 'x'.repeat(10_001) }],
  ])('are refused with %s', async (_, input) => {
    expect(codeOf(await mutate(CREATE_MODEL, input))).toBe('INVALID_INPUT');
    expect(await audited()).toEqual([]);
  });

  it('need permission to be created or promoted', async () => {
    const viewer: TestActor = { ...fixture.engineer, role: 'VIEWER' };
    expect(codeOf(await mutate(CREATE_MODEL, { name: 'x' }, viewer))).toBe('FORBIDDEN');
    expect(codeOf(await mutate(CREATE_VERSION, { model: 'x', artifact: fixture.digest }, viewer))).toBe('FORBIDDEN');
    expect(codeOf(await mutate(SET_ALIAS, { model: 'x', version: 1, alias: 'a' }, viewer))).toBe('FORBIDDEN');
  });

  it('are null where there are none', async () => {
    for (const name of ['absent', '', 'a\0b', 'x'.repeat(1_000)]) {
      expect(await expectDone(run(MODEL, { name }))).toEqual({ registeredModel: null });
    }
    expect(await expectDone(run(VERSION, { model: 'absent', version: 1 }))).toEqual({ modelVersion: null });
  });
});

async function namesOf(variables: Record<string, unknown>, pageSize: number): Promise<string[]> {
  const names: string[] = [];
  let after: string | null = null;
  do {
    const { registeredModels } = (await expectDone(run(LIST, { ...variables, first: pageSize, after }))) as {
      registeredModels: {
        edges: { node: { name: string } }[];
        pageInfo: { hasNextPage: boolean; endCursor: string | null };
      };
    };
    expect(registeredModels.edges.length).toBeLessThanOrEqual(pageSize);
    names.push(...registeredModels.edges.map(({ node }) => node.name));
    after = registeredModels.pageInfo.hasNextPage ? registeredModels.pageInfo.endCursor : null;
  } while (after !== null);
  return names;
}

const cursor = (...keys: unknown[]) => Buffer.from(JSON.stringify(keys)).toString('base64url');

describe('lists of registered models', () => {
  it('lose and repeat nothing across pages, in every order, where all times are equal', async () => {
    const names = ['Zebra', 'ant', 'bee', 'cat', 'dog', 'eel', 'fox'];
    for (const name of names.toReversed()) await createModel(name);
    await fixture.registry.dataSource.query(
      'UPDATE registered_models SET created_at = now(), updated_at = now() WHERE workspace_id = $1',
      [fixture.engineer.workspaceId],
    );
    expect(await namesOf({}, 3)).toEqual(names);
    expect(await namesOf({ orderBy: { direction: 'DESC' } }, 2)).toEqual(names.toReversed());
    for (const field of ['CREATED_AT', 'UPDATED_AT']) {
      for (const direction of ['ASC', 'DESC']) {
        const listed = await namesOf({ orderBy: { field, direction } }, 2);
        expect(listed.toSorted()).toEqual(names);
      }
    }
  });

  it('are ordered by time', async () => {
    for (const name of ['c', 'a', 'b']) {
      await createModel(name);
      await fixture.registry.dataSource.query('SELECT pg_sleep(0.002)');
    }
    await createVersion('a');
    expect(await namesOf({ orderBy: { field: 'CREATED_AT' } }, 1)).toEqual(['c', 'a', 'b']);
    expect(await namesOf({ orderBy: { field: 'UPDATED_AT', direction: 'DESC' } }, 1)).toEqual(['a', 'b', 'c']);
  });

  it('are filtered by name, tags and stage', async () => {
    await createModel('Iris_small', { tags: [{ key: 'kind', value: 'tabular' }] });
    await createModel('iris-large', {
      tags: [
        { key: 'kind', value: 'tabular' },
        { key: 'size', value: 'l' },
      ],
    });
    await modelWith('digits', 2);
    await expectDone(mutate(TRANSITION, { model: 'digits', version: 2, stage: 'STAGING' }));
    expect(await namesOf({ filter: { nameContains: 'IRIS' } }, 10)).toEqual(['Iris_small', 'iris-large']);
    expect(await namesOf({ filter: { nameContains: '_' } }, 10)).toEqual(['Iris_small']);
    expect(await namesOf({ filter: { nameContains: '%' } }, 10)).toEqual([]);
    expect(await namesOf({ filter: { tags: [{ key: 'kind', value: 'tabular' }] } }, 1)).toHaveLength(2);
    const both = [
      { key: 'size', value: 'l' },
      { key: 'kind', value: 'tabular' },
    ];
    expect(await namesOf({ filter: { tags: both } }, 10)).toEqual(['iris-large']);
    expect(await namesOf({ filter: { stage: 'STAGING' } }, 10)).toEqual(['digits']);
    expect(await namesOf({ filter: { stage: 'PRODUCTION' } }, 10)).toEqual([]);
  });

  it.each([
    ['nonsense', {}, 'nonsense'],
    ['another order', { orderBy: { field: 'CREATED_AT' } }, cursor('NAME', 'x')],
    [
      'another time order',
      { orderBy: { field: 'CREATED_AT' } },
      cursor('UPDATED_AT', '2026-01-01T00:00:00.000Z', randomUUID()),
    ],
    ['no time', { orderBy: { field: 'CREATED_AT' } }, cursor('CREATED_AT', 'yesterday', randomUUID())],
    ['no day', { orderBy: { field: 'CREATED_AT' } }, cursor('CREATED_AT', '2026-02-31T00:00:00.000Z', randomUUID())],
    ['no id', { orderBy: { field: 'CREATED_AT' } }, cursor('CREATED_AT', '2026-01-01T00:00:00.000Z', 'x')],
    ['no name', {}, cursor('NAME', 'a\0')],
  ])('refuse a cursor that names %s', async (_, variables, after) => {
    expect(codeOf(await run(LIST, { ...variables, after }))).toBe('INVALID_CURSOR');
  });

  it('refuse a page beyond the limit', async () => {
    expect(codeOf(await run(LIST, { first: 201 }))).toBe('INVALID_INPUT');
    expect(codeOf(await run(LIST, { first: 0 }))).toBe('INVALID_INPUT');
  });

  it('refuse to multiply beyond reason', async () => {
    await fixture.registry.dataSource.query(
      `INSERT INTO registered_models
         (id, workspace_id, name, description, tags, next_version, created_by, created_at, updated_at)
       SELECT gen_random_uuid(), $1, 'model' || number, '', '{}', 1, 'tester', now(), now()
       FROM generate_series(1, 101) AS number`,
      [fixture.engineer.workspaceId],
    );
    const nested = `query ($first: Int!) {
      registeredModels(first: $first) { edges { node { versions(first: 100) { version } } } }
    }`;
    expect(codeOf(await run(nested, { first: 101 }))).toBe('OPERATION_TOO_COMPLEX');
    await expectDone(run(nested, { first: 100 }));
  });

  it('read what belongs to the models with a number of queries that does not grow', async () => {
    const nested = `{ registeredModels { edges { node {
      name versions(first: 2) { version model aliases } latestVersions { version model aliases } aliases { alias }
      old: versions(before: 2, stage: NONE) { version }
    } } } }`;
    const queriesOf = async () => {
      const query = vi.spyOn(PostgresQueryRunner.prototype, 'query');
      const data = await expectDone(run(nested, {}));
      const count = query.mock.calls.length;
      query.mockRestore();
      return { data, count };
    };
    await modelWith('model1', 3);
    const few = await queriesOf();
    for (const name of ['model2', 'model3', 'model4', 'model5']) await modelWith(name, 3);
    await expectDone(mutate(SET_ALIAS, { model: 'model3', version: 3, alias: 'best' }));
    const many = await queriesOf();
    expect(many.count).toBe(few.count);
    expect(JSON.stringify(many.data)).toContain(
      '{"name":"model3","versions":[{"version":3,"model":"model3","aliases":["best"]},' +
        '{"version":2,"model":"model3","aliases":[]}],"latestVersions":[{"version":3,"model":"model3","aliases":["best"]}],' +
        '"aliases":[{"alias":"best"}],"old":[{"version":1}]}',
    );
  });
});
