// For `node --import`: the program that follows must get by without electron.
import { forbidElectron } from './hook.ts';

forbidElectron();
