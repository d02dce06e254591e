// Some systems give a language that is none (en-US@posix, from LANG=C.UTF-8), and libraries that format numbers by it throw when
// they are loaded. Must be imported before any of them.

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

if (!isLanguage(navigator.language)) Object.defineProperty(navigator, 'language', { value: 'en-US', configurable: true });
