import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/process/package-root.js';

/** Each area of `src/` and the areas it may import. What is not listed is refused. */
const layers: Readonly<Record<string, readonly string[]>> = {
  common: [],
  launcher: ['common'],
  'modules/audit': ['common'],
  'modules/auth': ['common', 'modules/audit'],
  'modules/registry': ['common', 'modules/audit', 'modules/auth'],
  'modules/feature-store': ['common', 'modules/audit', 'modules/auth', 'modules/registry'],
  'modules/inference': ['common', 'modules/audit', 'modules/auth', 'modules/registry', 'modules/feature-store'],
  'modules/deployments': [
    'common',
    'modules/audit',
    'modules/auth',
    'modules/registry',
    'modules/feature-store',
    'modules/inference',
  ],
};

/** Files of another module that must not be imported: its tables and its GraphQL surface are its own. */
const internal = /\.(repository|resolver|controller|loader)\.ts$|\/(entities|jobs)\//;

/** Parts that run outside of Nest, and the packages that they must therefore do without. */
const withoutNest = ['modules/inference/executor', 'modules/inference/protocol', 'common/tensor', 'launcher'];

interface Import {
  readonly from: string;
  readonly to: string;
}

const sourceFolder = join(packageRoot, 'src');

const sources = readdirSync(sourceFolder, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'),
);

const specifiersOf = (path: string): string[] =>
  [...readFileSync(join(sourceFolder, path), 'utf8').matchAll(/(?:from|import|import\()\s*'([^']+)'/g)].flatMap(
    ([, specifier]) => (specifier === undefined ? [] : [specifier]),
  );

const imports: Import[] = sources.flatMap((from) =>
  specifiersOf(from)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({
      from,
      to: relative(sourceFolder, join(sourceFolder, dirname(from), specifier)).replace(/\.js$/, '.ts'),
    })),
);

const areaOf = (path: string): string | undefined => {
  const [first, second] = path.split('/');
  return path.split('/').length === 1 ? undefined : first === 'modules' ? `${first}/${second ?? ''}` : first;
};

const inside = (path: string) => !path.startsWith('..');

describe('layers', () => {
  it('lists every area', () => {
    const areas = new Set(sources.map(areaOf).filter((area) => area !== undefined));
    expect([...areas].sort()).toEqual(Object.keys(layers).sort());
  });

  it('lets an area import only what lies below it', () => {
    const wrong = imports.filter(({ from, to }) => {
      const [own, other] = [areaOf(from), areaOf(to)];
      if (own === undefined || !inside(to)) return false;
      return own !== other && (other === undefined || !layers[own]?.includes(other));
    });
    expect(wrong).toEqual([]);
  });

  it('has no cycle', () => {
    const depthOf = (area: string, path: readonly string[] = []): number => {
      expect(path).not.toContain(area);
      return 1 + Math.max(0, ...(layers[area] ?? []).map((below) => depthOf(below, [...path, area])));
    };
    expect(
      Object.keys(layers)
        .map((area) => depthOf(area))
        .every((depth) => depth > 0),
    ).toBe(true);
  });

  it("keeps a module's tables and resolvers to itself", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [own, other] = [areaOf(from), areaOf(to)];
      return own !== undefined && own !== other && other?.startsWith('modules/') === true && internal.test(`/${to}`);
    });
    expect(wrong).toEqual([]);
  });

  it('leaves only the migrations to be imported from outside of src', () => {
    const outside = imports.filter(({ to }) => !inside(to)).map(({ to }) => to);
    expect(new Set(outside)).toEqual(new Set(['../migrations/registry.ts']));
  });

  it.each(withoutNest)('runs without Nest and TypeORM: %s', (folder) => {
    const heavy = sources
      .filter((path) => path.startsWith(`${folder}/`))
      .flatMap((path) => specifiersOf(path).map((specifier) => `${path} imports ${specifier}`))
      .filter((text) => / imports (@nestjs|typeorm|@apollo|bullmq)/.test(text));
    expect(heavy).toEqual([]);
  });

  it('reads the environment only where settings are loaded', () => {
    const readers = sources.filter((path) => readFileSync(join(sourceFolder, path), 'utf8').includes('process.env'));
    expect(readers.sort()).toEqual([
      'common/process/production.ts',
      'common/process/run-process.ts',
      'launcher.main.ts',
    ]);
  });

  it('has neither barrels nor circular providers', () => {
    expect(sources.filter((path) => path.endsWith('index.ts'))).toEqual([]);
    expect(sources.filter((path) => readFileSync(join(sourceFolder, path), 'utf8').includes('forwardRef'))).toEqual([]);
  });
});
