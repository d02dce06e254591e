// The thread on which a SQLite file is checked: reads, answers, and is gone.
import { parentPort, workerData } from 'node:worker_threads';
import SQLite from 'better-sqlite3';
import { checkSqlite } from './sqliteCheck.ts';

const raw = new SQLite(workerData as string, { readonly: true, timeout: 5_000 });
parentPort?.postMessage(checkSqlite(raw, false));
raw.close();
