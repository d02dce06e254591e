// All words of the screens, by area, and the types by which a missing one does not compile.
import { texts as app } from './app/texts.ts';
import { texts as people } from './people/texts.ts';
import { texts as plant } from './plant/texts.ts';
import { texts as watch } from './watch/texts.ts';

export const english = { app, people, plant, watch };

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'app';
    resources: typeof english;
    returnNull: false;
  }
}
