// What the palette asks a page to do when it is opened. It travels in the history entry and not in the address: no link from
// elsewhere can carry an act.
import { useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

declare module '@tanstack/history' {
  interface HistoryState {
    ask?: string;
  }
}

/** Calls `act` once for each time the page is asked for `what`. */
export function useAsked(what: string, act: () => void): void {
  const { state } = useLocation();
  const navigate = useNavigate();
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (state.ask !== what) return;
    // Not again when the page is loaded anew, or come back to.
    void navigate({ to: '.', replace: true, state: ({ ask: _, ...rest }) => rest });
    latest.current();
  }, [state, what, navigate]);
}
