import { describe, expect, it } from 'vitest';
import {
  DELETE_ALIAS,
  MODEL,
  SET_ALIAS,
  TRANSITION,
  codeOf,
  expectDone,
  registryFixture,
} from '../support/registry-fixture.js';

const fixture = registryFixture();
const { run, mutate, modelWith, audited } = fixture;

describe('aliases', () => {
  it('are made, moved and removed', async () => {
    await modelWith('aliased', 2);
    const alias = { model: 'aliased', alias: 'champion' };
    expect(await expectDone(mutate(SET_ALIAS, { ...alias, version: 1 }))).toEqual({
      setModelAlias: { version: 1, aliases: ['champion'] },
    });
    await expectDone(mutate(SET_ALIAS, { ...alias, alias: 'aaa', version: 2 }));
    expect(await expectDone(mutate(SET_ALIAS, { ...alias, version: 2 }))).toEqual({
      setModelAlias: { version: 2, aliases: ['aaa', 'champion'] },
    });
    expect(await expectDone(mutate(DELETE_ALIAS, alias))).toEqual({ deleteModelAlias: true });
    expect(await expectDone(mutate(DELETE_ALIAS, alias))).toEqual({ deleteModelAlias: false });
    expect(await expectDone(run(MODEL, { name: 'aliased' }))).toMatchObject({
      registeredModel: { aliases: [{ alias: 'aaa', version: 2 }] },
    });
    expect((await audited()).slice(3)).toEqual([
      'model-alias.set model-version aliased/1',
      'model-alias.set model-version aliased/2',
      'model-alias.set model-version aliased/2',
      'model-alias.delete registered-model aliased',
      'model-alias.delete registered-model aliased',
    ]);
  });

  it('need a version that is there and a name that is not one of a version', async () => {
    await modelWith('aliased', 1);
    expect(codeOf(await mutate(SET_ALIAS, { model: 'aliased', version: 2, alias: 'a' }))).toBe('MODEL_NOT_FOUND');
    expect(codeOf(await mutate(SET_ALIAS, { model: 'absent', version: 1, alias: 'a' }))).toBe('MODEL_NOT_FOUND');
    expect(codeOf(await mutate(DELETE_ALIAS, { model: 'absent', alias: 'a' }))).toBe('MODEL_NOT_FOUND');
    for (const alias of ['v2', '2', 'latest', 'a b']) {
      expect(codeOf(await mutate(SET_ALIAS, { model: 'aliased', version: 1, alias }))).toBe('INVALID_INPUT');
    }
  });

  it('end at one version when they are moved at the same time', async () => {
    await modelWith('raced', 4);
    await Promise.all(
      [1, 2, 3, 4, 1, 2, 3, 4].map((version) =>
        expectDone(mutate(SET_ALIAS, { model: 'raced', version, alias: 'champion' })),
      ),
    );
    const { registeredModel } = (await expectDone(run(MODEL, { name: 'raced' }))) as {
      registeredModel: { aliases: unknown[] };
    };
    expect(registeredModel.aliases).toHaveLength(1);
  });
});

const stagesOf = async (name: string) => {
  const { registeredModel } = (await expectDone(run(MODEL, { name }))) as {
    registeredModel: { versions: { version: number; stage: string }[]; latestVersions: unknown[] };
  };
  return registeredModel.versions.map(({ version, stage }) => `${version} ${stage}`);
};

const to = (version: number, stage: string, more = {}) =>
  expectDone(mutate(TRANSITION, { model: 'staged', version, stage, ...more }));

describe('stages', () => {
  it('make room in PRODUCTION unless told otherwise, and allow to go back', async () => {
    await modelWith('staged', 3);
    expect(await to(1, 'PRODUCTION')).toEqual({ transitionModelVersion: { version: 1, stage: 'PRODUCTION' } });
    await to(2, 'PRODUCTION');
    expect(await stagesOf('staged')).toEqual(['3 NONE', '2 PRODUCTION', '1 ARCHIVED']);
    await to(1, 'PRODUCTION');
    expect(await stagesOf('staged')).toEqual(['3 NONE', '2 ARCHIVED', '1 PRODUCTION']);
    await to(3, 'PRODUCTION', { archiveExisting: false });
    await to(3, 'PRODUCTION', { archiveExisting: false });
    expect(await stagesOf('staged')).toEqual(['3 PRODUCTION', '2 ARCHIVED', '1 PRODUCTION']);
    expect(await expectDone(run(MODEL, { name: 'staged' }))).toMatchObject({
      registeredModel: {
        latestVersions: [
          { version: 2, stage: 'ARCHIVED' },
          { version: 3, stage: 'PRODUCTION' },
        ],
      },
    });
    const [row] = await fixture.registry.dataSource.query<{ detail: unknown }[]>(
      `SELECT detail FROM audit_events WHERE workspace_id = $1 AND action = 'model-version.transition'
       ORDER BY id OFFSET 1 LIMIT 1`,
      [fixture.engineer.workspaceId],
    );
    expect(row?.detail).toEqual({ from: 'NONE', to: 'PRODUCTION', archived: '1' });
  });

  it('leave one version in PRODUCTION when all are promoted at the same time', async () => {
    await modelWith('raced', 5);
    await Promise.all(
      [1, 2, 3, 4, 5].map((version) =>
        expectDone(mutate(TRANSITION, { model: 'raced', version, stage: 'PRODUCTION' })),
      ),
    );
    const stages = await stagesOf('raced');
    expect(stages.filter((line) => line.endsWith('PRODUCTION'))).toHaveLength(1);
    expect(stages.filter((line) => line.endsWith('ARCHIVED'))).toHaveLength(4);
  });

  it('need a version that is there', async () => {
    await modelWith('staged', 1);
    for (const target of [
      { model: 'staged', version: 2 },
      { model: 'absent', version: 1 },
    ]) {
      expect(codeOf(await mutate(TRANSITION, { ...target, stage: 'STAGING' }))).toBe('MODEL_NOT_FOUND');
    }
  });
});
