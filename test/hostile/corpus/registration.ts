import { send } from '../../support/graphql.js';
import type { Attack } from './attack.js';
import type { HostileFile } from './hostile-files.js';

const CREATE = `mutation ($artifact: String!) {
  createModelVersion(input: { model: "simple", artifact: $artifact }) { version }
}`;

/** The attempt to make a version of the model `simple` of a hostile file. */
export function registrationOf({ what, code, bytes }: HostileFile): Attack {
  return {
    what,
    code,
    send: async ({ url, key }) => {
      const headers = { 'content-type': 'application/octet-stream', ...key };
      const upload = await fetch(`${url}/api/artifacts`, { method: 'PUT', headers, body: new Uint8Array(bytes()) });
      const { digest } = (await upload.json()) as { digest: string };
      const { errors } = await send(url, CREATE, { artifact: digest }, key);
      return { code: errors[0]?.extensions.code ?? 'OK', text: errors.map(({ message }) => message).join('\n') };
    },
  };
}
