// Entry of the headless station. Imports nothing native: under an old Node that would end the process without a word.
import { enableCompileCache } from 'node:module';

const OLDEST = [22, 13] as const;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  console.error(
    `Outpost needs Node ${OLDEST.join('.')} or newer, this is ${process.versions.node}. Start it with “npm run edge”: npm brings a Node of its own.`,
  );
  process.exit(1);
}
enableCompileCache();
const { main } = await import('./main.ts');
await main(process.argv.slice(2));
