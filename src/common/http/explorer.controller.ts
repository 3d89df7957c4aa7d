import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Header, Inject, Param, Res } from '@nestjs/common';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Public } from '../access/access.decorators.js';
import { SETTINGS } from '../config/config.module.js';
import type { Settings } from '../config/settings.js';
import { CodedError } from '../errors/coded-error.js';
import { explorerPage, explorerScript } from './explorer.page.js';

const require = createRequire(import.meta.url);

const scripts = 'text/javascript; charset=utf-8';

/** The explorer's files, out of the installed packages: it works without any other network. */
const packaged: Readonly<Record<string, { package: string; path: string; type: string }>> = {
  'react.js': { package: 'react', path: 'umd/react.production.min.js', type: scripts },
  'react-dom.js': { package: 'react-dom', path: 'umd/react-dom.production.min.js', type: scripts },
  'graphiql.js': { package: 'graphiql', path: 'graphiql.min.js', type: scripts },
  'graphiql.css': { package: 'graphiql', path: 'graphiql.min.css', type: 'text/css; charset=utf-8' },
};

@Controller('graphql/explorer')
export class ExplorerController {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** One file of the explorer. */
  @Public()
  @Get(':file')
  @Header('cache-control', 'public, max-age=3600')
  async file(@Param('file') file: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const entry = Object.hasOwn(packaged, file) ? packaged[file] : undefined;
    if (!this.settings.NESTOR_EXPLORER || (entry === undefined && file !== 'explorer.js')) {
      throw new CodedError('NOT_FOUND', 'The explorer has no such file.');
    }
    void reply.type(entry?.type ?? scripts);
    if (entry === undefined) return explorerScript;
    const folder = dirname(require.resolve(`${entry.package}/package.json`));
    return readFile(join(folder, entry.path), 'utf8');
  }
}

/** A browser that opens `/graphql` gets the explorer; every other client keeps talking GraphQL there. */
export function serveExplorer(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const wantsPage = request.method === 'GET' && request.headers.accept?.includes('text/html') === true;
    if (wantsPage && request.url === '/graphql') void reply.type('text/html; charset=utf-8').send(explorerPage);
    else done();
  });
}
