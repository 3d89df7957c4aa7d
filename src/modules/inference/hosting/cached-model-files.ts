import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { ArtifactStore } from '../../../common/storage/artifact-store.js';
import { digestOfFile, digestOfHex } from '../../../common/storage/digest.js';
import type { WarmUpSample } from '../../registry/serving/serving-policy.js';
import { FilePlans } from '../model-control/file-plans.service.js';
import { ModelFiles } from '../pool/model-files.js';
import { unloadedError } from '../protocol/executor-state.js';
import { type CachedFile, filesToEvict } from './model-cache.rules.js';

/**
 * Model files on this machine, `<NESTOR_HOME>/cache/models/<digest>`, filled from the artifact store. Several workers
 * may share the folder: files appear complete or not at all and never change.
 */
@Injectable()
export class CachedModelFiles extends ModelFiles {
  private readonly folder: string;
  private readonly fetching = new Map<string, Promise<string>>();

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly store: ArtifactStore,
    private readonly plans: FilePlans,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
    this.folder = join(settings.NESTOR_HOME, 'cache', 'models');
  }

  override async pathOf(digest: string): Promise<string> {
    const running = this.fetching.get(digest);
    if (running !== undefined) return running;
    const fetching = this.fetch(digest).finally(() => this.fetching.delete(digest));
    this.fetching.set(digest, fetching);
    return fetching;
  }

  override async warmUpOf(digest: string): Promise<readonly WarmUpSample[]> {
    const plan = await this.plans.of(digest);
    if (plan?.isRefused) throw unloadedError();
    return plan?.warmUp ?? [];
  }

  private async fetch(digest: string): Promise<string> {
    const path = join(this.folder, digest);
    if (await this.holds(path, digest)) {
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      return path;
    }
    await mkdir(this.folder, { recursive: true });
    await this.store.fetchTo(digestOfHex(digest), path);
    await this.evict(digest);
    return path;
  }

  /** A file whose bytes have changed on the disk is removed and fetched again. */
  private async holds(path: string, digest: string): Promise<boolean> {
    try {
      if ((await digestOfFile(path)) === digestOfHex(digest)) return true;
      this.logger.warn({ digest }, 'a cached model file no longer matches its digest; fetching it again');
      await rm(path, { force: true });
    } catch {
      // Not there, or not readable: it is fetched.
    }
    return false;
  }

  private async evict(keep: string): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => /^[0-9a-f]{64}$/.test(name));
    const files = await Promise.all(names.map((name) => this.describe(name)));
    const held = files.filter((file) => file !== undefined);
    for (const name of filesToEvict(held, this.settings.NESTOR_MODEL_CACHE_MAX_BYTES, keep, Date.now())) {
      await rm(join(this.folder, name), { force: true });
      this.logger.info({ digest: name }, 'removed the least recently used model file from the cache');
    }
  }

  /** Undefined where another worker has just removed it. */
  private async describe(name: string): Promise<CachedFile | undefined> {
    const found = await stat(join(this.folder, name)).catch(() => undefined);
    return found === undefined ? undefined : { name, bytes: found.size, usedAt: found.mtimeMs };
  }
}
