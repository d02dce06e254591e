// Who may import whom: the table of docs/architecture.md as code. A breach names the file, the import and the rule.
import { globSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AREAS } from '../contract/index.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['contract', 'main', 'preload', 'renderer', 'bench', 'e2e', 'tools'];
const IMPORT =
  /(?:\bimport|\bexport)\s+(type\s)?[^'";]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]\s*\)|^\s*import\s*['"]([^'"]+)['"]/gm;

export type Import = { file: string; target: string; typeOnly: boolean };
type Rule = { name: string; of: (file: string) => boolean; may: (target: string, from: Import) => boolean };

const inside = (path: string, ...folders: string[]) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
const isTest = (file: string) => /\.test\.tsx?$/.test(file) || inside(file, 'main/testing');
const isOurs = (target: string) => !target.startsWith('npm:') && !target.startsWith('node:');
const areaOf = (path: string, floor: string) => AREAS.find((area) => inside(path, `${floor}/${area}`));
/** What lies directly in main/, and is given to every area: types of a station, a call, a link. */
const isShared = (target: string) => ['main/area.ts', 'main/caller.ts', 'main/log.ts', 'main/platform.ts'].includes(target);
/** What lies directly in main/hosts/ is the same for every host: opening a station in its folder. */
const isOfAllHosts = (path: string) => /^main\/hosts\/\w+\.ts$/.test(path);

const RULES: Rule[] = [
  {
    name: 'contract imports itself, zod and the contract library: no I/O, no Node, no DOM',
    of: (file) => inside(file, 'contract') && !isTest(file),
    may: (target) => inside(target, 'contract') || target === 'npm:zod' || target === 'npm:@orpc/contract',
  },
  {
    name: 'only main/hosts/desktop and preload import electron',
    of: (file) => !inside(file, 'main/hosts/desktop', 'preload'),
    // Tests know its types: a name that Electron does not have fails their type check. Its updater runs without it.
    may: (target, { file, typeOnly }) =>
      !/^npm:(electron|electron-updater)$/.test(target) || (isTest(file) && (typeOnly || target === 'npm:electron-updater')),
  },
  {
    name: 'main/store imports contract, Node and npm',
    of: (file) => inside(file, 'main/store') && !isTest(file),
    may: (target) => !isOurs(target) || inside(target, 'main/store', 'contract'),
  },
  {
    name: 'an area imports contract, store, what main lends every area, and the index of areas to its left',
    of: (file) => areaOf(file, 'main') !== undefined && !isTest(file),
    may(target, { file }) {
      const own = areaOf(file, 'main') as (typeof AREAS)[number];
      const other = areaOf(target, 'main');
      if (other === own || !isOurs(target) || inside(target, 'contract', 'main/store') || isShared(target)) return true;
      return other !== undefined && AREAS.indexOf(other) < AREAS.indexOf(own) && target === `main/${other}/index.ts`;
    },
  },
  {
    name: 'areas do not open databases: better-sqlite3 and pg belong to main/store',
    of: (file) => inside(file, 'main', 'renderer', 'contract') && !inside(file, 'main/store') && !isTest(file),
    may: (target) => !/^npm:(better-sqlite3|pg)$/.test(target),
  },
  {
    name: 'what lies in main/ beside the areas imports no host',
    of: (file) => inside(file, 'main') && !inside(file, 'main/hosts') && !isTest(file),
    may: (target) => !inside(target, 'main/hosts', 'renderer', 'preload', 'e2e', 'bench', 'tools'),
  },
  {
    name: 'a host imports what lies in main/, the store, the indexes of areas, what all hosts share and hosts/web: never another host',
    of: (file) => inside(file, 'main/hosts') && !isTest(file),
    may(target, { file }) {
      const host = file.split('/')[2];
      if (isOfAllHosts(target)) return true;
      if (inside(target, 'main/hosts'))
        return inside(target, `main/hosts/${host}`) || (inside(target, 'main/hosts/web') && !isOfAllHosts(file));
      const area = areaOf(target, 'main');
      return (
        !isOurs(target) ||
        inside(target, 'contract') ||
        (inside(target, 'main') && (area === undefined || target === `main/${area}/index.ts`))
      );
    },
  },
  {
    name: 'preload imports types of the contract, and electron',
    of: (file) => inside(file, 'preload') && !isTest(file),
    may: (target, { typeOnly }) => target === 'npm:electron' || inside(target, 'preload') || (inside(target, 'contract') && typeOnly),
  },
  {
    name: 'screens import contract, renderer and npm: never main, Node or electron',
    of: (file) => inside(file, 'renderer') && !isTest(file),
    may: (target) => target.startsWith('npm:') || inside(target, 'contract', 'renderer'),
  },
  {
    name: 'renderer/app and renderer/ui know no area',
    of: (file) => inside(file, 'renderer/app', 'renderer/ui') && !isTest(file),
    may: (target) => !isOurs(target) || inside(target, 'contract', 'renderer/app', 'renderer/ui'),
  },
  {
    name: 'an area of the screens imports app, ui, and of another area its index',
    of: (file) => areaOf(file, 'renderer') !== undefined && !isTest(file),
    may(target, { file }) {
      const other = areaOf(target, 'renderer');
      if (other === undefined) return target !== 'renderer/main.tsx';
      return other === areaOf(file, 'renderer') || /^renderer\/\w+\/index\.tsx?$/.test(target);
    },
  },
  {
    name: 'only tests import main/testing',
    of: (file) => !isTest(file) && !inside(file, 'e2e', 'bench', 'tools'),
    may: (target) => !inside(target, 'main/testing'),
  },
];

/** The imports of one file, with our own as paths from the root and packages as npm:name. */
export function importsOf(file: string, source: string): Import[] {
  const found: Import[] = [];
  const code = source.replace(/^\s*\/\/.*$/gm, '');
  for (const match of code.matchAll(IMPORT)) {
    const specifier = match[2] ?? match[3] ?? match[4];
    if (specifier === undefined) continue;
    found.push({ file, target: resolve(file, specifier), typeOnly: match[1] !== undefined });
  }
  return found;
}

function resolve(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(file), specifier.split('?', 1)[0] as string));
  if (specifier.startsWith('node:')) return specifier;
  const parts = specifier.split('/');
  return `npm:${specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]}`;
}

export function breaches(imports: readonly Import[]): string[] {
  return imports.flatMap((one) =>
    RULES.filter((rule) => rule.of(one.file) && !rule.may(one.target, one)).map(
      (rule) => `${one.file} imports ${one.target}: ${rule.name}`,
    ),
  );
}

export function checkLayers(): string[] {
  const files = FOLDERS.flatMap((folder) => globSync(join(ROOT, folder, '**/*.{ts,tsx}')));
  return files.flatMap((file) => {
    const path = relative(ROOT, file).replaceAll('\\', '/');
    return breaches(importsOf(path, readFileSync(file, 'utf8')));
  });
}
