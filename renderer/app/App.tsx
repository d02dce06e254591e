// The whole page: before the door, or inside the frame with the pages of every area.
import { createRootRoute, createRoute, createRouter, Navigate, RouterProvider } from '@tanstack/react-router';
import { type ReactNode, useEffect, useMemo } from 'react';
import { addressOf, homeOf } from './address.ts';
import { useAppearance } from './appearance.ts';
import type { RailEntry, ScreenArea } from './area.ts';
import { AreasContext, useScreenContext } from './areas.ts';
import { Door } from './door/Door.tsx';
import { Frame } from './frame/Frame.tsx';
import { NothingHere } from './frame/NothingHere.tsx';
import { mayOf, useMe } from './hooks.ts';
import { tellShell } from './shell.ts';
import { useStationState } from './station.ts';
import { Chooser } from './stations/Chooser.tsx';

export function App({ areas }: { areas: readonly ScreenArea[] }) {
  useAppearance();
  const phase = useStationState((state) => state.phase);
  const router = useMemo(() => buildRouter(areas), [areas]);
  // By now something is drawn: the window may say what waits for this page.
  useEffect(() => {
    if (phase !== 'starting') tellShell({ told: 'shown', inside: phase === 'in' });
  }, [phase]);
  return (
    <>
      {phase === 'in' ? (
        <AreasContext value={areas}>
          <RouterProvider router={router} />
        </AreasContext>
      ) : (
        <Door />
      )}
      <Chooser />
    </>
  );
}

/** /<station>/<organisation>/<site>/<page>; every page comes from an area. */
function buildRouter(areas: readonly ScreenArea[]) {
  const root = createRootRoute();
  const start = createRoute({ getParentRoute: () => root, path: '/', component: () => <Home areas={areas} /> });
  const place = createRoute({ getParentRoute: () => root, path: '/$station/$organisation/$site', component: Frame });
  const first = createRoute({ getParentRoute: () => place, path: '/', component: () => <Home areas={areas} /> });
  const pages = areas.flatMap((area) =>
    area.routes.map(({ path, component }) => {
      const entry = area.rail.find((one) => one.path === path);
      return createRoute({ getParentRoute: () => place, path, component: entry ? guarded(component, entry.shows) : component });
    }),
  );
  const elsewhere = createRoute({ getParentRoute: () => place, path: '$', component: NothingHere });
  const lost = createRoute({ getParentRoute: () => root, path: '$', component: () => <Navigate to="/" replace /> });
  return createRouter({
    routeTree: root.addChildren([start, place.addChildren([first, ...pages, elsewhere]), lost]),
    defaultPreload: false,
  });
}

/** What one may not see in the rail one does not get by its address either, nor keep when the right to it ends. */
function guarded(Page: () => ReactNode, shows: RailEntry['shows']): () => ReactNode {
  return function Guarded() {
    const context = useScreenContext();
    return context && shows(context) ? <Page /> : <NothingHere />;
  };
}

/** The first page somebody may see, at the place where they begin. */
function Home({ areas }: { areas: readonly ScreenArea[] }) {
  const me = useMe();
  const here = homeOf(me);
  const entry = areas.flatMap((area) => area.rail).find((one) => one.shows({ me, here, may: mayOf(me) }));
  return <Navigate to={addressOf(here, entry?.path ?? 'account')} replace />;
}
