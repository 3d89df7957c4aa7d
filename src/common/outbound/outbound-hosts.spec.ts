import { describe, expect, it } from 'vitest';
import { testSettings } from '../../../test/support/settings.js';
import { isPublicAddress } from './address.rules.js';
import { OutboundHosts } from './outbound-hosts.js';

const hostsOf = (listed: string) => new OutboundHosts(testSettings({ NESTOR_OUTBOUND_PRIVATE_HOSTS: listed }));

const refused = { code: 'ADDRESS_REFUSED' };

describe('public addresses', () => {
  it.each(['1.1.1.1', '8.8.8.8', '100.63.255.255', '172.32.0.1', '223.255.255.255', '2606:4700::1111', '2a00::1'])(
    'are taken: %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ['this network', '0.0.0.0'],
    ['private', '10.1.2.3'],
    ['private', '172.31.255.255'],
    ['private', '192.168.0.1'],
    ['of a carrier', '100.64.0.1'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['of metadata services', '169.254.169.254'],
    ['for benchmarks', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['unique local', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['multicast', 'ff02::1'],
    ['IPv4 mapped', '::ffff:127.0.0.1'],
    ['IPv4 mapped, in hexadecimal', '::ffff:7f00:1'],
    ['IPv4 mapped and public', '::ffff:8.8.8.8'],
    ['IPv4 compatible', '::127.0.0.1'],
    ['translated', '64:ff9b::7f00:1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:7f00:1::'],
    ['documentation', '2001:db8::1'],
    ['no address', 'localhost'],
    ['a decimal number', '2130706433'],
  ])('are not those that are %s: %s', (_, address) => expect(isPublicAddress(address)).toBe(false));
});

describe('hosts that users name', () => {
  it('may have a public address', async () => {
    expect(await hostsOf('').resolve('8.8.8.8', 53)).toEqual([{ address: '8.8.8.8', family: 4 }]);
  });

  it.each([
    'localhost',
    'LOCALHOST',
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    // The system's resolver takes these for 127.0.0.1.
    '2130706433',
    '0x7f.1',
    '017700000001',
  ])('may not lead into a private network: %s', async (host) => {
    await expect(hostsOf('10.0.0.0/8,db.internal').resolve(host, 80)).rejects.toMatchObject(refused);
  });

  it('may have a private address that is listed', async () => {
    const loopback = [{ address: '127.0.0.1', family: 4 }];
    for (const listed of ['127.0.0.1', '127.0.0.1:80', '127.0.0.0/8', '10.0.0.0/8, 127.0.0.1']) {
      expect(await hostsOf(listed).resolve('127.0.0.1', 80)).toEqual(loopback);
    }
    expect(await hostsOf('::1').resolve('::1', 80)).toEqual([{ address: '::1', family: 6 }]);
    expect(await hostsOf('[::1]:80').resolve('::1', 80)).toEqual([{ address: '::1', family: 6 }]);
    expect(await hostsOf('LocalHost').resolve('localhost', 80)).not.toEqual([]);
    expect((await hostsOf('127.0.0.0/8').resolve('localhost', 80)).map(({ address }) => address)).toEqual([
      '127.0.0.1',
    ]);
  });

  it('are not listed by another port, name, or a block of the other version', async () => {
    await expect(hostsOf('127.0.0.1:81').resolve('127.0.0.1', 80)).rejects.toMatchObject(refused);
    await expect(hostsOf('localhost').resolve('127.0.0.1', 80)).rejects.toMatchObject(refused);
    await expect(hostsOf('127.0.0.0/8').resolve('::ffff:127.0.0.1', 80)).rejects.toMatchObject(refused);
    await expect(hostsOf('::ffff:0:0/96').resolve('127.0.0.1', 80)).rejects.toMatchObject(refused);
  });

  it('must have an address', async () => {
    await expect(hostsOf('').resolve('no-such-host.invalid', 80)).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
  });

  it.each(['10.0.0.0/33', '10.0.0/8', 'a b', 'http://x', 'host:99999', 'host:1-2'])('are not listed as %s', (listed) =>
    expect(() => hostsOf(listed)).toThrow(/NESTOR_OUTBOUND_PRIVATE_HOSTS/),
  );
});
