import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Places } from '../../../common/concurrency/places.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { DataEngine } from './data-engine.js';

/** What a piece of work on data has for itself. */
export interface Workbench {
  readonly engine: DataEngine;
  /** The only folder that the engine reaches; it is gone when the work is done. */
  readonly folder: string;
}

/** Hands out engines, a bounded number at a time, so that the memory of all of them is bounded. */
@Injectable()
export class DataEngines implements OnApplicationBootstrap {
  private readonly places: Places;
  private readonly parent: string;

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {
    this.places = new Places(settings.NESTOR_DATA_CONCURRENCY);
    this.parent = join(settings.NESTOR_HOME, 'work');
  }

  /** Removes what processes of this machine left that ended in mid-work. */
  async onApplicationBootstrap(): Promise<void> {
    for (const name of await readdir(this.parent).catch(() => [])) {
      const [, machine, pid] = /^(.+)-(\d+)-[^-]+$/.exec(name) ?? [];
      if (machine !== hostname() || isAlive(Number(pid))) continue;
      await rm(join(this.parent, name), { recursive: true, force: true });
    }
  }

  /** Does a piece of work, once there is a place for it. */
  async use<Result>(work: (workbench: Workbench) => Promise<Result>): Promise<Result> {
    return this.places.run(async () => {
      await mkdir(this.parent, { recursive: true });
      const own = await mkdtemp(join(this.parent, `${hostname()}-${process.pid}-`));
      try {
        return await this.workIn(own, work);
      } finally {
        await rm(own, { recursive: true, force: true });
      }
    });
  }

  private async workIn<Result>(own: string, work: (workbench: Workbench) => Promise<Result>): Promise<Result> {
    const folder = join(own, 'data');
    await mkdir(folder);
    const engine = await DataEngine.open({
      memoryBytes: this.settings.NESTOR_DATA_MEMORY_BYTES,
      threads: this.settings.NESTOR_DATA_THREADS,
      temporaryFolder: join(own, 'temporary'),
      maxTemporaryBytes: this.settings.NESTOR_DATA_TEMPORARY_MAX_BYTES,
      folders: [folder],
    });
    try {
      return await work({ engine, folder });
    } finally {
      await engine.close();
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
