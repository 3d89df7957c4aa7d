import type { Settings } from '../../../common/config/settings.js';
import type { InstallationSecret } from '../../../common/crypto/installation-secret.js';
import { parseEndpoint } from '../../../common/tls/endpoint.js';
import { executorKey } from '../protocol/executor-key.js';
import type { NetworkEndpoint } from '../pool/network-endpoint.js';

type EndpointSettings = Pick<Settings, 'NESTOR_EXECUTOR_LISTEN' | 'NESTOR_EXECUTOR_ADVERTISE'>;

/** Where the executors of this worker listen for other machines; undefined where they listen on Unix sockets. */
export function executorEndpoint(settings: EndpointSettings, secret: InstallationSecret): NetworkEndpoint | undefined {
  const { NESTOR_EXECUTOR_LISTEN: listen, NESTOR_EXECUTOR_ADVERTISE: advertise } = settings;
  if (listen === undefined) return undefined;
  const host = advertise ?? parseEndpoint(listen)?.host ?? '';
  return { listen: `tls://${listen}`, advertise: host, keyOf: (executor) => executorKey(secret, executor) };
}
