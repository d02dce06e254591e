// Languages. English is the source; the pseudo-locale shows in tests whether every word on a screen comes from here.
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

type Words = { readonly [key: string]: string | Words };
export type Resources = Record<string, Words>;

export const PSEUDO = 'en-XA';

const ACCENTED: Record<string, string> = {
  a: 'á',
  e: 'é',
  i: 'í',
  o: 'ó',
  u: 'ú',
  y: 'ý',
  A: 'Á',
  E: 'É',
  I: 'Í',
  O: 'Ó',
  U: 'Ú',
  c: 'ç',
  n: 'ñ',
  s: 'š',
};

/** ⟦Šígñ íñ··⟧: bracketed, accented, a third longer, with its {{placeholders}} as they were. */
export function pseudo(words: string): string {
  const changed = words
    .split(/(\{\{.*?\}\})/)
    .map((part) => (part.startsWith('{{') ? part : part.replace(/[A-Za-z]/g, (letter) => ACCENTED[letter] ?? letter)))
    .join('');
  return `⟦${changed}${'·'.repeat(Math.ceil(words.length / 3))}⟧`;
}

const pseudoAll = (words: Words): Words =>
  Object.fromEntries(Object.entries(words).map(([key, value]) => [key, typeof value === 'string' ? pseudo(value) : pseudoAll(value)]));

export function startLanguages(english: Resources, language: string): void {
  void i18next.use(initReactI18next).init({
    lng: language === PSEUDO ? PSEUDO : 'en',
    fallbackLng: language === PSEUDO ? PSEUDO : 'en',
    resources: { en: english, [PSEUDO]: Object.fromEntries(Object.entries(english).map(([name, words]) => [name, pseudoAll(words)])) },
    defaultNS: 'app',
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  document.documentElement.lang = language === PSEUDO ? PSEUDO : 'en';
}
