import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { english } from '../texts.ts';
import { pseudo } from './i18n.ts';

test('pseudo text is bracketed, longer, and keeps its placeholders', () => {
  const changed = pseudo('Sign in as {{name}}');
  assert.match(changed, /^⟦.*\{\{name\}\}.*⟧$/);
  assert.ok(changed.length > 'Sign in as {{name}}'.length);
  assert.notEqual(changed.slice(1, 8), 'Sign in');
});

test('no text shouts, trails off or stands empty', () => {
  const walk = (words: object, path: string): void => {
    for (const [key, value] of Object.entries(words)) {
      if (typeof value !== 'string') walk(value as object, `${path}.${key}`);
      else assert.ok(value.trim() !== '' && !/[!]|\.\.\.|…$/.test(value), `${path}.${key}: “${value}”`);
    }
  };
  walk(english, 'texts');
});

test('every count has its one and its many', () => {
  const walk = (words: object, path: string): void => {
    for (const [key, value] of Object.entries(words)) {
      if (typeof value !== 'string') walk(value as object, `${path}.${key}`);
      else if (key.endsWith('_one')) assert.ok(`${key.slice(0, -4)}_other` in words, `${path}.${key}`);
    }
  };
  walk(english, 'texts');
});

test('every word is said somewhere', () => {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const files = globSync('**/*.{ts,tsx}', { cwd: folder }).filter((file) => !file.endsWith('texts.ts') && !file.endsWith('.test.ts'));
  const code = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  const unsaid = Object.entries(english).flatMap(([area, texts]) =>
    keysOf(texts)
      .map((key) => key.replace(/_(one|other)$/, ''))
      .filter((key) => !said(code, key))
      .map((key) => `${area}:${key}`),
  );
  assert.deepEqual(unsaid, []);
});

const keysOf = (texts: object): string[] =>
  Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [key] : keysOf(value as object).map((inner) => `${key}.${inner}`),
  );

/** By its whole name, or put together from its beginning and a value. */
function said(code: string, key: string): boolean {
  if (new RegExp(`['\`:]${key.replaceAll('.', '\\.')}['\`]`).test(code)) return true;
  const parts = key.split('.');
  const beginnings = parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.`);
  return beginnings.some((beginning) => code.includes(`\`${beginning}\${`) || code.includes(`:${beginning}\${`));
}
