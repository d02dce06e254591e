// What screens use of their station: the client, live state, permissions, and commands that say how they ended.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '../../contract/errors.ts';
import type { Streams } from '../../contract/index.ts';
import type { Me } from '../../contract/people.ts';
import { allows, type Grant, type Permission, sees, type TreePlace } from '../../contract/permissions.ts';
import { announce } from '../ui/announce.ts';
import { asRefusal, type StationClient } from './calls.ts';
import type { Reader, StreamOptions } from './channel.ts';
import { proveItIsMe } from './confirm.ts';
import type { Live, LiveStore } from './liveStore.ts';
import { type StationDoor, useStationState } from './station.ts';

export type App = { door: StationDoor; live: LiveStore };
export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === undefined) throw new Error('outside of the app');
  return app;
}

export const useStation = (): StationClient => useApp().door.station;

type StateStreams = {
  [A in keyof Streams & string]: {
    [S in keyof Streams[A] & string as Streams[A][S] extends { delivery: 'state' } ? `${A}.${S}` : never]: Streams[A][S];
  };
}[keyof Streams & string];
type StateStreamName = StateStreams extends infer Each ? (Each extends object ? keyof Each : never) : never;
type Declared<N> = StateStreams extends infer Each ? (Each extends object ? (N extends keyof Each ? Each[N] : never) : never) : never;
type ValueOf<N> = Declared<N> extends { value: { _output: infer V } } ? V : never;
type InputOf<N> = Declared<N> extends { input: { _output: infer I } } ? I : never;

/** The present state of a stream, and every change of it. Without an input nothing is asked. */
export function useLive<N extends StateStreamName & string>(name: N, input: InputOf<N> | undefined): Live<ValueOf<N>> {
  const { live } = useApp();
  const key = JSON.stringify(input);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the input counts by its value, not by its identity
  const watch = useCallback(
    (listener: () => void) => (input === undefined ? () => {} : live.watch(name, input, listener)),
    [live, name, key],
  );
  return useSyncExternalStore(watch, () => live.now(name, input)) as Live<ValueOf<N>>;
}

/** Any other stream, for as long as the component is shown. The reader may change from draw to draw; the stream stays. */
export function useStream(name: string, input: unknown, reader: Reader, options?: StreamOptions): void {
  const { door } = useApp();
  const latest = useRef(reader);
  latest.current = reader;
  const key = JSON.stringify(input);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the input counts by its value, not by its identity
  useEffect(
    () =>
      door.channel.read(
        name,
        input,
        {
          ...(reader.state && { state: (values) => latest.current.state?.(values) }),
          ...(reader.events && { events: (items) => latest.current.events?.(items) }),
          ...(reader.samples && { samples: (values) => latest.current.samples?.(values) }),
          bytes: (bytes, offset) => latest.current.bytes?.(bytes, offset),
          lost: (bytes) => latest.current.lost?.(bytes),
          end: (refusal) => latest.current.end?.(refusal),
        },
        options,
      ),
    [door, name, key],
  );
}

export function useMe(): Me {
  const me = useStationState((state) => state.me);
  if (me === undefined) throw new Error('nobody is signed in');
  return me;
}

// ---- permissions: the same functions the station refuses by

export type May = (permission: Permission, at: PlaceHere) => boolean;
export type PlaceHere = 'platform' | 'station' | { organisation: string } | { site: string };

export function useMay(): May {
  return mayOf(useMe());
}

/** For acts: nobody changes anything while they see the station as somebody else. */
export function useMayChange(): May {
  const me = useMe();
  return me.seenBy === null ? mayOf(me) : () => false;
}

/** The same for acts that need no right of their own. */
export const useCanAct = (): boolean => useMe().seenBy === null;

export function mayOf(me: Me): May {
  return (permission, at) => {
    const place = placeHere(me, at);
    return place !== undefined && allows(rightsOf(me), permission, place);
  };
}

/** All that counts for somebody: roles at places, and what they are in their teams. */
export const rightsOf = (me: Me): Grant[] => [
  ...(me.grants as Grant[]),
  ...me.teams.map(({ id, organisation, role }): Grant => ({ role, at: { kind: 'team', organisation, team: id } })),
];

export function placeHere(me: Me, at: PlaceHere): TreePlace | undefined {
  if (at === 'platform') return { kind: 'platform' };
  if (at === 'station') {
    const { at: here } = me.station;
    if (here.kind === 'site') return placeHere(me, { site: here.site });
    return here.kind === 'platform' ? { kind: 'platform' } : { kind: 'organisation', organisation: here.organisation };
  }
  if ('organisation' in at) return { kind: 'organisation', organisation: at.organisation };
  const site = me.sites.find((one) => one.id === at.site);
  return (
    site && {
      kind: 'site',
      organisation: site.organisation,
      site: site.id,
      operatorsControl: site.operatorsControl,
      workAllowed: site.workAllowed,
    }
  );
}

/** Everything a person sees of an organisation: used to offer the "whole organisation" address. */
export const seesOrganisation = (me: Me, organisation: string): boolean =>
  sees(rightsOf(me), { kind: 'organisation', organisation }, (site) => me.sites.find((one) => one.id === site)?.organisation);

// ---- commands

export type Command<I, O> = { run(input: I): Promise<O | undefined>; busy: boolean; refusal: Refusal | undefined; clear(): void };

/**
 * A command and how it ended. A refusal is shown where it was asked for (`refusal`); with `announce` also as a notification,
 * for buttons that have no place to show it.
 */
export function useCommand<I, O>(
  work: (input: I) => Promise<O>,
  options: { announce?: boolean; changes?: readonly string[]; done?: (answer: O) => void } = {},
): Command<I, O> {
  const { t } = useTranslation('app');
  const queries = useQueryClient();
  const [refusal, setRefusal] = useState<Refusal>();
  const mutation = useMutation({ mutationFn: work });
  return {
    busy: mutation.isPending,
    refusal,
    clear: () => setRefusal(undefined),
    async run(input) {
      setRefusal(undefined);
      try {
        const answer = await mutation.mutateAsync(input).catch(async (error: unknown) => {
          if (asRefusal(error).code !== 'unconfirmed' || !(await proveItIsMe())) throw error;
          return mutation.mutateAsync(input);
        });
        options.done?.(answer);
        return answer;
      } catch (error) {
        const given = asRefusal(error);
        setRefusal(given);
        if (options.announce) announce(given.message, { title: t(`refusal.${given.code}`), failed: true });
        return undefined;
      } finally {
        // Refused as well: a part of it may have been carried out, or all of it and only the answer lost.
        for (const changed of options.changes ?? []) void queries.invalidateQueries({ queryKey: [changed] });
      }
    },
  };
}
