// What the packaged program consists of: the built parts, and of node_modules what the bundles load at run time. Everything else stays out.
import { EXTERNAL } from '../external.ts';

type LockedPackage = { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> };
export type Lock = { packages: Record<string, LockedPackage> };

/** Folders of the packages that the bundles load, with all that these load in turn, as the lock file has laid them out. */
export function modulesOf(lock: Lock, roots: readonly string[] = EXTERNAL): Set<string> {
  const found = new Set<string>();
  const add = (folder: string) => {
    if (found.has(folder)) return;
    found.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = lock.packages[folder] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const of = folderOf(lock, folder, name);
      if (of !== undefined) add(of);
      else if (!Object.hasOwn(optionalDependencies, name)) throw new Error(`${folder} needs ${name}, which the lock file does not have.`);
    }
  };
  for (const name of roots) {
    const of = folderOf(lock, '', name);
    if (of === undefined) throw new Error(`The bundles load ${name}, which the lock file does not have.`);
    add(of);
  }
  return found;
}

/** As Node looks for it: beside, then one floor up after the other. */
function folderOf(lock: Lock, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules') - 1))) {
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (Object.hasOwn(lock.packages, candidate)) return candidate;
    if (folder === '') return undefined;
  }
}

const BUILT = ['dist/main', 'dist/preload', 'dist/renderer'];
/** Of use to who builds, not to who runs. */
const FOR_BUILDING =
  /(\.map|\.built|\.md|\.[cm]?ts|\.gyp|\.gypi|\.[ch](pp|c)?)$|^node_modules\/better-sqlite3\/(deps|src)(\/|$)|^node_modules\/.*\/tests?(\/|$)/i;

/** `path` as Forge gives it: from the root of the project, with a slash before. True: it is left out. */
export function leavesOut(modules: ReadonlySet<string>): (path: string) => boolean {
  const kept = ['package.json', 'LICENSE', ...BUILT, ...modules];
  return (path) => {
    const inner = path.replace(/^\//, '');
    if (inner === '') return false;
    if (FOR_BUILDING.test(inner)) return true;
    // A package within a package is asked for by itself.
    const nested = inner.lastIndexOf('/node_modules/');
    const leadsTo = kept.some((one) => one.startsWith(`${inner}/`));
    const owner = nested === -1 ? undefined : /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(inner)?.[0];
    if (owner !== undefined) return !leadsTo && !modules.has(owner);
    return !leadsTo && !kept.some((one) => inner === one || inner.startsWith(`${one}/`));
  };
}

/** Whether a binary is for these machines, by the name its package gave it or its folder. Electron runs on the usual C library alone. */
export function isFor(file: string, platform: string, arch: string): boolean {
  // One file may be for several: darwin-x64+arm64.
  const says = new RegExp(`(^|[./-])${platform}-(\\w+\\+)*${arch}([.+-]|$)`);
  const parts = file.split(/[\\/]/).slice(-2);
  return parts.some((part) => says.test(part)) && !file.includes('musl');
}

/** Each package that carries a binary has one of these; without it the program would start and then fail. */
export const CARRIES_BINARY = ['better-sqlite3', '@node-rs/argon2', '@serialport/bindings-cpp'];
