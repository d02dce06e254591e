// A process of its own that takes a data folder, says how that went, and keeps it until it is ended.
import { openFolder } from '../store/folder.ts';

const path = JSON.parse(process.argv[2] as string) as string;
try {
  const folder = openFolder(path);
  process.stdout.write('taken\n');
  process.stdin.once('data', () => {
    folder.release();
    process.stdout.write('released\n');
  });
  process.stdin.resume();
} catch (error) {
  process.stdout.write(`${(error as Error).name}: ${(error as Error).message}\n`);
}
