import { z } from 'zod';
import { StartError } from '../start-error.js';
import type { ChildProgram } from '../supervisor/child-program.js';

const bootstrapResult = z.object({
  workspace: z.string(),
  email: z.string(),
  /** Null when the administrator was there already. */
  password: z.string().nullable(),
  apiKey: z.string().nullable(),
  models: z.array(z.object({ name: z.string(), version: z.number() })),
});

/** What `bootstrap.main.js` made or found. */
export type BootstrapResult = z.infer<typeof bootstrapResult>;

/** Makes the first workspace, administrator, API key and example models, as far as they are not there. */
export type Bootstrap = (options: { resetAdminPassword: boolean }) => Promise<BootstrapResult>;

/** Bootstraps in a process of its own: Nest stays out of the launcher. */
export function bootstrapBy(program: ChildProgram): Bootstrap {
  return async ({ resetAdminPassword }) => {
    const printed = await program.runToEnd(resetAdminPassword ? ['--reset-admin-password'] : []);
    const last = printed.trimEnd().split('\n').at(-1) ?? '';
    try {
      return bootstrapResult.parse(JSON.parse(last));
    } catch (error) {
      throw new StartError('The first workspace could not be set up: its program did not say what it did.', {
        cause: error,
      });
    }
  };
}
