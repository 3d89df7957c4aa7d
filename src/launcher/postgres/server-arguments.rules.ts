/** What the arguments of a server depend on. */
export interface ServerParameters {
  readonly dataFolder: string;
  readonly port: number;
  readonly maxConnections: number;
  /** Whether the database must outlive a power-off; only tests do without. */
  readonly durable: boolean;
}

/** Arguments of `postgres`: one address, no Unix socket, log to standard error. */
export function serverArguments({ dataFolder, port, maxConnections, durable }: ServerParameters): string[] {
  const parameters: Readonly<Record<string, string | number>> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port,
    max_connections: maxConnections,
    password_encryption: 'scram-sha-256',
    log_timezone: 'UTC',
    timezone: 'UTC',
    logging_collector: 'off',
    log_checkpoints: 'off',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return ['-D', dataFolder, ...Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
