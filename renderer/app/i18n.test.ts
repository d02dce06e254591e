import assert from 'node:assert/strict';
import { test } from 'node:test';
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
