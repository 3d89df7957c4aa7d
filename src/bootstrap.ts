import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { Logger } from 'pino';
import { BootstrapModule } from './bootstrap.module.js';
import type { ActorContext } from './common/access/actor.js';
import { permissions } from './common/access/permissions.js';
import type { Settings } from './common/config/settings.js';
import { NestLogger } from './common/observability/logger.js';
import { packageRoot } from './common/process/package-root.js';
import { BootstrapService } from './modules/auth/bootstrap/bootstrap.service.js';
import { ExampleModels } from './modules/registry/example-models.service.js';

/** What was made or found. Password and key are there only when they are new. */
export interface BootstrapResult {
  readonly workspace: string;
  readonly email: string;
  readonly password: string | null;
  readonly apiKey: string | null;
  readonly models: readonly { readonly name: string; readonly version: number }[];
}

/** Makes the first workspace, its administrator, an API key and the example models, as far as they are not there. */
export async function bootstrap(
  settings: Settings,
  logger: Logger,
  { resetAdminPassword }: { resetAdminPassword: boolean },
): Promise<BootstrapResult> {
  const context = await NestFactory.createApplicationContext(BootstrapModule.forRoot(settings, logger), {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  try {
    const admins = context.get(BootstrapService);
    const email = settings.NESTOR_ADMIN_EMAIL;
    const found = await admins.createFirstWorkspaceAndAdmin({ email });
    const admin = resetAdminPassword && found.password === null ? await admins.resetAdminPassword(found.email) : found;
    const models = await context
      .get(ExampleModels)
      .registerAll(systemOf(admin.workspaceId), join(packageRoot, 'models'));
    const { workspaceSlug, password, apiKey } = admin;
    return { workspace: workspaceSlug, email: admin.email, password, apiKey, models };
  } finally {
    await context.close();
  }
}

/** Nestor itself, acting in a workspace. */
function systemOf(workspaceId: string): ActorContext {
  const actor = { kind: 'SYSTEM', id: 'bootstrap', name: 'first start', workspaceId, role: 'ADMIN' } as const;
  return { requestId: randomUUID(), address: null, actor: { ...actor, permissions: new Set(permissions) } };
}
