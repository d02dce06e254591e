// What a page may do that needs permission: what is named here, for our own page. Everything else is denied without a question.
import { isOurs } from './navigation.ts';

/** Copying a link or a code by a button. */
const ALLOWED = new Set(['clipboard-sanitized-write']);

export type Asked = { permission: string; by: string | undefined; isMainFrame: boolean };

export const isPermitted = ({ permission, by, isMainFrame }: Asked): boolean =>
  ALLOWED.has(permission) && isMainFrame && by !== undefined && isOurs(by);
