// Where one stands, and how to go elsewhere.
import { useNavigate, useParams } from '@tanstack/react-router';
import { useCallback } from 'react';
import { addressOf, type Here, hereOf } from './address.ts';
import { useMe } from './hooks.ts';

/** Undefined where the address names a place this person does not see. */
export function useHere(): Here | undefined {
  const me = useMe();
  const params: { station?: string; organisation?: string; site?: string } = useParams({ strict: false });
  if (params.station === undefined) return undefined;
  return hereOf(me, params.station, params.organisation ?? '-', params.site ?? '-');
}

/** To a page at the same place, or at another one; `ask` is what the page is to do then. */
export function useGo(): (page: string, there?: Here, ask?: string) => void {
  const navigate = useNavigate();
  const here = useHere();
  return useCallback(
    (page, there, ask) => {
      const place = there ?? here;
      if (place) void navigate({ to: addressOf(place, page), ...(ask !== undefined && { state: { ask } }) });
    },
    [navigate, here],
  );
}

/** The zone of the site one stands at; without one, of the person in front of the screen. All times on the screens are in it. */
export const usePlantZone = (): string => useHere()?.site?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The site a page is about. Pages that need one are only routed to where there is one. */
export function useSite() {
  const here = useHere();
  return here?.site;
}
