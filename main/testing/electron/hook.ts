// Gives whoever imports 'electron' the double, or nobody anything: the real package answers an import with a download.
import { registerHooks } from 'node:module';

const ELECTRON = /^electron(\/(main|renderer|common|utility))?$/;
const KEY = Symbol.for('outpost.electron.double');

/** Once a process, before anything that imports electron: a static import would be there first. A name that is not given cannot be imported. */
export function giveElectron(double: Record<string, unknown>): void {
  (globalThis as Record<symbol, unknown>)[KEY] = double;
  const source = Object.keys(double).map((name) => `export const ${name} = double.${name};`);
  registerHooks({
    resolve: (specifier, context, next) =>
      ELECTRON.test(specifier) ? { url: 'double:electron', format: 'module', shortCircuit: true } : next(specifier, context),
    load: (url, context, next) =>
      url === 'double:electron'
        ? {
            format: 'module',
            shortCircuit: true,
            source: `const double = globalThis[Symbol.for('outpost.electron.double')]; ${source.join(' ')} export default double;`,
          }
        : next(url, context),
  });
}

export function forbidElectron(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (ELECTRON.test(specifier)) throw new Error(`electron is imported by ${context.parentURL}`);
      return next(specifier, context);
    },
  });
}
