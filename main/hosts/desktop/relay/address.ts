// The address of another station, read strictly: https://host[:port] and nothing else. Plain HTTP only to this computer.
import { Refusal } from '../../../../contract/errors.ts';

export type Address = {
  /** The one way it is written, by which it is known. */
  text: string;
  /** As a request names it. */
  authority: string;
  host: string;
  port: number;
  secure: boolean;
};

const LONGEST = 260;
/** Small and large letters of ASCII; a name in another script is written as the network knows it (xn--…), and shown so. */
const FORM = /^(https?):\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?\/?$/i;
const HERE = /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/;

export function readAddress(given: string): Address {
  const [, , named = ''] = given.length <= LONGEST ? (FORM.exec(given) ?? []) : [];
  const url = URL.parse(given);
  if (named === '' || url === null || url.port === '0')
    throw bad('An address like https://192.168.1.20:8480 is wanted, and nothing behind it.');
  const { hostname, protocol } = url;
  // A parser reads 0x7f.1 as 127.0.0.1: what is not meant as it stands there is refused.
  if (!named.startsWith('[') && hostname !== named.toLowerCase())
    throw bad(`${named} is no plain name and no plain address: write it as ${hostname}.`);
  const secure = protocol === 'https:';
  if (!secure && !HERE.test(hostname)) throw bad('Plain HTTP goes to this computer only: write the address with https://.');
  return {
    text: url.origin,
    authority: url.host,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (secure ? 443 : 80)),
    secure,
  };
}

const bad = (words: string) => new Refusal('invalid', words);
