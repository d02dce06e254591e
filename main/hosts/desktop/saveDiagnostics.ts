// Puts the diagnostics together and keeps them where the person says.
import { open, writeFile } from 'node:fs/promises';
import { homedir, release } from 'node:os';
import { join } from 'node:path';
import { app, type BrowserWindow, dialog } from 'electron';
import { VERSION } from '../../version.ts';
import type { Crashes } from './crashes.ts';
import { diagnosticsOf } from './diagnostics.ts';
import { readKept } from './kept.ts';
import type { Marks } from './startMarks.ts';
import { TEXTS } from './texts.ts';

const LOG_BYTES = 256 * 1024;

export type DiagnosticsOptions = { window: BrowserWindow; data: string; crashes: Crashes; marks: Marks };

export async function saveDiagnostics({ window, data, crashes, marks }: DiagnosticsOptions): Promise<void> {
  const at = new Date().toISOString();
  const defaultPath = join(app.getPath('downloads'), `outpost-diagnostics-${at.slice(0, 16).replace(/[:T]/g, '')}.json`);
  const { canceled, filePath } = await dialog.showSaveDialog(window, { title: TEXTS.diagnostics.title, defaultPath });
  if (canceled || filePath === '') return;
  const { electron, chrome, node, v8 } = process.versions;
  try {
    const text = diagnosticsOf({
      at,
      versions: {
        outpost: VERSION,
        electron,
        chrome,
        node,
        v8,
        system: `${process.platform} ${process.arch} ${release()}`,
      },
      settings: readKept(join(data, 'outpost.json')) ?? {},
      marks,
      crashes: crashes.all(),
      log: await endOf(join(data, 'logs', 'outpost.log')),
      home: homedir(),
    });
    await writeFile(filePath, text, { mode: 0o600 });
  } catch (error) {
    await dialog.showMessageBox(window, { type: 'error', message: TEXTS.diagnostics.failed, detail: (error as Error).message });
  }
}

/** A log that cannot be read is one of the reasons to want diagnostics: the rest is saved all the same. */
async function endOf(file: string): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const from = Math.max(0, size - LOG_BYTES);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, LOG_BYTES)), 0, Math.min(size, LOG_BYTES), from);
      const text = buffer.toString('utf8', 0, bytesRead);
      return from > 0 ? text.slice(text.indexOf('\n') + 1) : text;
    } finally {
      await handle.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
}
