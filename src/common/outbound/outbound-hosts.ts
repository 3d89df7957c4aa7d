import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../config/config.module.js';
import type { Settings } from '../config/settings.js';
import { CodedError } from '../errors/coded-error.js';
import { isPublicAddress } from './address.rules.js';
import { isListed, parsePrivateHost, type PrivateHost } from './private-hosts.rules.js';

export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * Tells which addresses of a host that a user named may be connected to: those of the public internet, and private ones that
 * the operator listed. Who connects takes these very addresses and never the name, which may resolve to others a moment
 * later, and asks again for each host that an answer leads to.
 */
@Injectable()
export class OutboundHosts {
  private readonly listed: readonly PrivateHost[];

  constructor(@Inject(SETTINGS) { NESTOR_OUTBOUND_PRIVATE_HOSTS: listed }: Settings) {
    this.listed = listed.map(parsePrivateHost).filter((entry) => entry !== undefined);
  }

  /**
   * @param host a name, or an address without brackets.
   * @returns at least one address. @throws {CodedError} ADDRESS_REFUSED, SERVICE_UNAVAILABLE where it has no address.
   */
  async resolve(host: string, port: number): Promise<HostAddress[]> {
    const name = host.toLowerCase();
    const addresses = await addressesOf(name);
    const allowed = addresses.filter(
      ({ address }) => isPublicAddress(address) || isListed(this.listed, name, port, address),
    );
    if (allowed.length > 0) return allowed;
    throw new CodedError(
      'ADDRESS_REFUSED',
      `${host}:${port} is in a private network. Where it may be connected to, NESTOR_OUTBOUND_PRIVATE_HOSTS must list it.`,
    );
  }
}

async function addressesOf(host: string): Promise<HostAddress[]> {
  const version = isIP(host);
  if (version !== 0) return [{ address: host, family: version === 4 ? 4 : 6 }];
  try {
    const found = await lookup(host, { all: true });
    return found.map(({ address, family }) => ({ address, family: family === 4 ? 4 : 6 }));
  } catch (error) {
    throw new CodedError('SERVICE_UNAVAILABLE', `The host ${host} has no address.`, { cause: error });
  }
}
