import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { ActorContext } from '../../common/access/actor.js';
import { CodedError } from '../../common/errors/coded-error.js';
import { digestOfFile } from '../../common/storage/digest.js';
import { errnoOf } from '../../common/storage/storage-errors.rules.js';
import { ArtifactService } from './artifact.service.js';
import type { ModelVersionEntity } from './entities/model-version.entity.js';
import { type ModelDescription, modelDescription } from './model-description.js';
import { ModelVersionService } from './model-version.service.js';
import { RegisteredModelService } from './registered-model.service.js';

export interface RegisteredExample {
  readonly name: string;
  readonly version: number;
}

/** Registers the models that come with Nestor. */
@Injectable()
export class ExampleModels {
  constructor(
    private readonly models: RegisteredModelService,
    private readonly versions: ModelVersionService,
    private readonly artifacts: ArtifactService,
  ) {}

  /**
   * Registers every `<folder>/<name>/model.json`. May be run again, also after it was interrupted: versions that are
   * there stay as their owners left them.
   * @returns all of them, new or not.
   * @throws {CodedError} INVALID_INPUT when a description cannot be read, and the errors of registration.
   */
  async registerAll(context: ActorContext, folder: string): Promise<RegisteredExample[]> {
    const registered: RegisteredExample[] = [];
    for (const name of (await readdir(folder)).toSorted()) {
      const description = await readDescription(join(folder, name));
      if (description === null) continue;
      await this.ensureModel(context, description);
      for (const version of description.versions) {
        const { version: number } = await this.ensureVersion(context, join(folder, name), description.name, version);
        registered.push({ name: description.name, version: number });
      }
    }
    return registered;
  }

  private async ensureModel(context: ActorContext, { name, description, tags }: ModelDescription): Promise<void> {
    if ((await this.models.find(context, name)) !== null) return;
    await this.models.create(context, { name, description, tags: tags.map((key) => ({ key, value: 'true' })) });
  }

  private async ensureVersion(
    context: ActorContext,
    folder: string,
    model: string,
    described: ModelDescription['versions'][number],
  ): Promise<ModelVersionEntity> {
    const path = join(folder, described.artifact);
    const digest = await digestOfFile(path);
    const existing = await this.versions.findByDigest(context, model, digest);
    if (existing !== null && !isUntouched(existing)) return existing;
    const version = existing ?? (await this.createVersion(context, path, model, described));
    for (const alias of described.aliases) {
      await this.versions.setAlias(context, { model, version: version.version, alias });
    }
    // Last: it is what tells a finished registration from an interrupted one.
    const target = { model, version: version.version, stage: described.stage, archiveExisting: false };
    return this.versions.transition(context, target);
  }

  private async createVersion(
    context: ActorContext,
    path: string,
    model: string,
    { description, metadata }: ModelDescription['versions'][number],
  ): Promise<ModelVersionEntity> {
    const { digest } = await this.artifacts.upload(context, createReadStream(path));
    return this.versions.create(context, { model, artifact: digest, description, metadata });
  }
}

/** Its stage was never changed. */
const isUntouched = ({ createdAt, updatedAt }: ModelVersionEntity): boolean =>
  createdAt.getTime() === updatedAt.getTime();

async function readDescription(folder: string): Promise<ModelDescription | null> {
  const path = join(folder, 'model.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(thrown) ?? '')) return null;
    throw thrown;
  }
  const parsed = modelDescription.safeParse(parseJson(text, path));
  if (parsed.success) return parsed.data;
  throw new CodedError('INVALID_INPUT', `${path} does not describe a model:\n${z.prettifyError(parsed.error)}`);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CodedError('INVALID_INPUT', `${path} is not JSON.`, { cause });
  }
}
