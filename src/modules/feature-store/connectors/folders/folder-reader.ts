import { readdir, realpath } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import type { StatementControl } from '../../engine/data-engine.js';
import type { Workbench } from '../../engine/data-engines.js';
import type { FolderConnection } from '../../sources/connections/file-connection.js';
import type { BatchRequest } from '../connector.js';
import { FoundFilesReader } from '../found-files-reader.js';
import { MAX_FOUND_FILES } from '../found-file.js';
import type { StagedBatch } from '../staged-batch.js';
import { matchesPattern } from './file-pattern.rules.js';
import { FolderFile, isWithin } from './folder-file.js';

/** Finds the files of a folder of the worker. */
@Injectable()
export class FolderReader {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly files: FoundFilesReader,
  ) {}

  /** @throws {CodedError} INVALID_FILE, SOURCE_FAILED, QUERY_LIMIT_EXCEEDED, CANCELLED. */
  async stage(
    workbench: Workbench,
    connection: FolderConnection,
    request: BatchRequest,
    control: StatementControl,
  ): Promise<StagedBatch> {
    const folder = await this.allowedFolder(connection.folder);
    const names = await namesIn(folder, connection.pattern);
    const found = { names, open: (name: string) => FolderFile.open(folder, name) };
    return this.files.stage(workbench, found, connection, request, control);
  }

  /** The real path of a folder. @throws {CodedError} SOURCE_FAILED where it is not allowed, whether it is there or not. */
  private async allowedFolder(folder: string): Promise<string> {
    const allowed = this.settings.NESTOR_DATA_FOLDERS.map((each) => resolve(each));
    if (!isAbsolute(folder) || !isWithinAny(resolve(folder), allowed)) throw notAllowed(folder);
    const realAllowed = await Promise.all(allowed.map(async (each) => realpath(each).catch(() => each)));
    const real = await realpath(folder).catch(() => undefined);
    if (real === undefined) throw new CodedError('SOURCE_FAILED', `There is no folder ${folder}.`);
    if (!isWithinAny(real, realAllowed)) throw notAllowed(folder);
    return real;
  }
}

/** By name, so that files are read in an order that can be told. */
async function namesIn(folder: string, pattern: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.') && matchesPattern(name, pattern)).sort();
  if (names.length <= MAX_FOUND_FILES) return names;
  throw new CodedError(
    'SOURCE_FAILED',
    `The folder has ${names.length} files that match; at most ${MAX_FOUND_FILES} can be told apart. Move those that were read elsewhere.`,
  );
}

const isWithinAny = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => isWithin(path, folder));

const notAllowed = (folder: string): CodedError =>
  new CodedError('SOURCE_FAILED', `The folder ${folder} is none that NESTOR_DATA_FOLDERS lists, nor within one.`);
