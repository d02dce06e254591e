// Which browser a session belongs to, from what it calls itself: read by people, trusted by nobody.

export type Agent = { browser: string; system: string } | { window: true; system: string | undefined } | { text: string };

// The order matters: nearly everybody also claims to be Chrome or Safari, and Android to be Linux.
const BROWSERS = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\b(OPR|OPT|OPiOS)\//, 'Opera'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(HeadlessChrome|Chrome|Chromium|CriOS)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.* Safari\//, 'Safari'],
] as const;
const SYSTEMS = [
  [/\b(iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b|\bwin32\b/, 'Windows'],
  [/\bMac ?OS\b|\bMacintosh\b|\bdarwin\b/, 'macOS'],
  [/\bLinux\b|\blinux\b/, 'Linux'],
] as const;
const MOST_LETTERS = 40;

const named = (table: readonly (readonly [RegExp, string])[], agent: string) => table.find(([mark]) => mark.test(agent))?.[1];

export function agentOf(agent: string): Agent {
  const system = named(SYSTEMS, agent);
  if (/^Outpost \S+, desktop window\b|\bOutpost\/.* Electron\//.test(agent)) return { window: true, system };
  const browser = named(BROWSERS, agent);
  return browser && system ? { browser, system } : { text: [...agent].slice(0, MOST_LETTERS).join('') };
}
