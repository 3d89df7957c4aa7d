import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/**
 * IPv4 addresses that are no host of the public internet (IANA's special-purpose registry, RFC 6890), multicast included.
 * The metadata services of the clouds are link-local.
 */
const reservedV4 = blocks('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]);

/** All of IPv6 that is handed out as global unicast; mapped, translated, local and multicast addresses lie outside. */
const globalV6 = blocks('ipv6', ['2000::/3']);

/** What of it is no host, or stands for an IPv4 address: Teredo and its like, documentation, 6to4. */
const reservedV6 = blocks('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

/** Whether an IP address may be one of a host of the public internet. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !reservedV4.check(address, 'ipv4');
    case 6:
      return globalV6.check(address, 'ipv6') && !reservedV6.check(address, 'ipv6');
    default:
      return false;
  }
}

/** All addresses that begin alike. */
export interface AddressBlock {
  readonly version: 4 | 6;
  readonly addresses: BlockList;
}

/** A block such as `10.0.0.0/8`; undefined where the text is none. */
export function parseBlock(text: string): AddressBlock | undefined {
  const [, network = '', length = ''] = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(text) ?? [];
  if (isIPv4(network) && Number(length) <= 32) return { version: 4, addresses: blocks('ipv4', [text]) };
  if (isIPv6(network) && Number(length) <= 128) return { version: 6, addresses: blocks('ipv6', [text]) };
  return undefined;
}

/** Whether an address lies in a block. An IPv4 address that is written as IPv6 is none of IPv4, whatever `BlockList` says. */
export const isInBlock = (address: string, { version, addresses }: AddressBlock): boolean =>
  isIP(address) === version && addresses.check(address, version === 4 ? 'ipv4' : 'ipv6');

function blocks(version: 'ipv4' | 'ipv6', texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [network = '', length] = text.split('/');
    list.addSubnet(network, Number(length), version);
  }
  return list;
}
