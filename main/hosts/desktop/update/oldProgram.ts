// electron-updater deletes an AppImage before the new one is in its place: on a full disk there would be neither. So the old one has a
// second name meanwhile.
import { copyFileSync, existsSync, linkSync, renameSync, rmSync } from 'node:fs';

/** `path` of the program, where it is one file that is replaced. What is returned is to be told how that went. */
export function holdOldProgram(path: string | undefined): (replaced: boolean) => void {
  if (path === undefined || !existsSync(path)) return () => {};
  const held = `${path}.before`;
  rmSync(held, { force: true });
  try {
    linkSync(path, held);
  } catch {
    // Not every disk knows second names.
    copyFileSync(path, held);
  }
  // What stands in its place after a failure is half of something.
  return (replaced) => (replaced ? rmSync(held, { force: true }) : renameSync(held, path));
}
