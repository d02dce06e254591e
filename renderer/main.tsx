// Start of the screens. Knows all areas, and hands them to the frame; the order here is that of the rail.
import './ui/nonce.ts';
import './ui/language.ts';
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './ui/tokens.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import i18next from 'i18next';
import { createRoot } from 'react-dom/client';
import { config } from 'zod';
import { App } from './app/App.tsx';
import { Boundary } from './app/Boundary.tsx';
import { AppContext } from './app/hooks.ts';
import { startLanguages } from './app/i18n.ts';
import { LiveStore } from './app/liveStore.ts';
import { openStation } from './app/station.ts';
import { openTransport } from './app/transport.ts';
import { people } from './people/index.ts';
import { plant } from './plant/index.ts';
import { english } from './texts.ts';
import { announce } from './ui/announce.ts';
import { nonce } from './ui/nonce.ts';
import { theme } from './ui/theme.ts';
import { watch } from './watch/index.ts';

// The policy of the page lets nothing be compiled at run time.
config({ jitless: true });
startLanguages(english, new URLSearchParams(location.search).get('language') ?? 'en');

const areas = [plant, people, watch];
// What is known stays on the screen when the station does not answer; a refusal is an answer.
const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, staleTime: 5_000, networkMode: 'always' }, mutations: { networkMode: 'always' } },
});
// Whoever signs in next on this screen finds nothing of whoever was here before.
const door = openStation(openTransport(), {
  onLeave: () => queries.clear(),
  onViewEnded: () => announce(i18next.t('app:view.ended')),
});
const app = { door, live: new LiveStore(door.channel) };

createRoot(document.getElementById('root') as HTMLElement).render(
  <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
    <Notifications position="bottom-right" limit={4} />
    <QueryClientProvider client={queries}>
      <AppContext value={app}>
        <Boundary>
          <App areas={areas} />
        </Boundary>
      </AppContext>
    </QueryClientProvider>
  </MantineProvider>,
);

const [, kind, secret] = /^#(link|key)=([A-Za-z0-9_-]{16,128})$/.exec(location.hash) ?? [];
if (secret === undefined) {
  void door.begin();
} else {
  // Out of the address at once: it must stay neither in the history nor in a bookmark.
  history.replaceState(null, '', location.pathname + location.search);
  void (kind === 'key' ? door.signInByKey(secret) : door.signInByLink(secret));
}
