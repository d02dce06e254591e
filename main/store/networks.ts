// Addresses and networks as people write them in settings, and as programs write them in headers.
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** One address, written in one way: an IPv4 address inside IPv6 as itself, IPv6 as short as it gets. Undefined: it is none. */
export function plainAddress(text: string): string | undefined {
  const address = text.split('%', 1)[0] as string;
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join('.');
}

/** “192.0.2.7”, “10.0.0.0/8”, “fd00::/8”. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** Does an address, as plainAddress gives it, lie in one of these networks? */
export function networks(list: readonly string[]): (address: string) => boolean {
  const known = new BlockList();
  for (const network of list) {
    const [address = '', bits] = network.split('/');
    const plain = plainAddress(address);
    if (plain === undefined) continue;
    const family = isIPv4(plain) ? 'ipv4' : 'ipv6';
    const whole = family === 'ipv4' ? 32 : 128;
    // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
    const inner = isIPv6(address) && family === 'ipv4' ? 96 : 0;
    if (Number(bits ?? whole + inner) < inner) known.addSubnet(address, Number(bits), 'ipv6');
    else known.addSubnet(plain, Number(bits ?? whole + inner) - inner, family);
  }
  return (address) => isIP(address) !== 0 && known.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}
