// The page one sees while there is no station: that it starts, or what it said when it could not, and a way to try again.
import { randomBytes } from 'node:crypto';
import { page } from './assets.ts';
import { AGAIN } from './navigation.ts';

export type Waiting = { for: 'start' | 'update' } | { for: 'lateStart' | 'help' | 'broken'; said: string };

const WORDS = {
  start: { title: 'Outpost is starting', text: 'One moment, please.' },
  update: { title: 'Outpost is being updated', text: 'The new version opens by itself.' },
  lateStart: {
    title: 'Outpost is still starting',
    text: 'The station has not answered yet. This page goes on by itself as soon as it does.',
  },
  help: { title: 'The station could not be started', text: 'Below is what it said. When the cause is mended, try again.' },
  broken: {
    title: 'The screens broke again and again',
    text: 'The station works on. Below is how they ended; under “Help” in the menu you can save diagnostics for whoever helps you.',
  },
} as const;

export function waitingPage(waiting: Waiting): Response {
  const { title, text } = WORDS[waiting.for];
  const nonce = randomBytes(16).toString('base64');
  const rest = !('said' in waiting)
    ? ''
    : `<pre>${escaped(waiting.said.trim() || 'It said nothing.')}</pre><p><a href="${AGAIN}">Try again</a></p>`;
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Outpost</title><style nonce="${nonce}">
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:44rem;margin:20vh auto 0;padding:0 1.5rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:1rem;border:1px solid}</style></head>
<body><main><h1>${title}</h1><p>${text}</p>${rest}</main></body></html>`;
  return page(html, nonce);
}

const escaped = (text: string) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
