// Secrets that stand for a person: handed out once, kept only as a digest.
import { createHash } from 'node:crypto';
import type { Random } from '../../contract/ids.ts';

const TOKEN_BYTES = 32;

export const newToken = (random: Random): string => Buffer.from(random(TOKEN_BYTES)).toString('base64url');

export const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex');
