// The version of the program, as package.json says it. Bundled in by the build; read from source otherwise.
import manifest from '../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;
