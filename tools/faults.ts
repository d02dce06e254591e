// npm run faults -- [--seeds N] [--from SEED] [--json]: lines on which everything goes wrong, by our driver and by the bare library.
// Ends with {"seeds","wrong","bareLibraryWrong"}, counting wrong values; ours must be 0.
import { parseArgs } from 'node:util';
import { runBare, runInMemory } from '../main/testing/plant/faultRun.ts';
import { scenario } from '../main/testing/plant/scenario.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '500' }, from: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } },
});
const seeds = Number(values.seeds);
const from = Number(values.from);
if (!Number.isSafeInteger(seeds) || seeds < 1 || !Number.isSafeInteger(from)) {
  console.error('--seeds and --from take whole numbers.');
  process.exit(2);
}

const started = performance.now();
let wrong = 0;
let bareLibraryWrong = 0;
let asked = 0;
let right = 0;
for (let seed = from; seed < from + seeds; seed++) {
  const one = scenario(seed);
  const run = await runInMemory(one);
  asked += run.outcomes.length;
  right += run.outcomes.filter((outcome) => outcome === 'right' || outcome === 'confirmed').length;
  wrong += run.wrong;
  if (run.wrong > 0) console.error(`seed ${seed} (${one.way}): ${run.outcomes.join(' ')}`);
  bareLibraryWrong += (await runBare(one)).wrong;
}
if (!values.json) {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${asked} things asked for in ${seconds} s: ${right} answered, ${asked - right - wrong} not, ${wrong} wrong.\n`);
}
process.stdout.write(`${JSON.stringify({ seeds, wrong, bareLibraryWrong })}\n`);
process.exit(wrong === 0 ? 0 : 1);
